"""What templates see of what agents ask for: the whole thread of a ticket, and the list of all commands."""

from collections.abc import Sequence

from gateway.pipeline.commands import COMMANDS
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.variable_views import CommandView
from gateway.pipeline.variables import HelpVariables, ThreadVariables
from gateway.pipeline.views import VariablesOf, channel_view, name_participants, post_view, ticket_view
from gateway.tickets import Post, Ticket


def thread_variables(ticket: Ticket, posts: Sequence[Post], agent: str, desk: Desk) -> VariablesOf:
    """Return everything that was said in a ticket, for an agent."""
    policy = desk.policy
    shown = tuple(post_view(post, desk, ticket=ticket) for post in posts)
    others = name_participants(ticket)

    def variables(marker: str) -> ThreadVariables:
        return ThreadVariables(
            marker=marker,
            channel=channel_view(policy.channels[ticket.channel], ticket.answer_from),
            ticket=ticket_view(ticket, policy, desk),
            agent_name=policy.agents[agent].name,
            posts=shown,
            others=others,
        )

    return variables


def help_variables(agent: str, language: str, desk: Desk) -> VariablesOf:
    """Return all commands in the language of an agent."""
    commands = tuple(
        CommandView(
            usage=command.usage(language),
            also=tuple(
                f"#{word}" for word in dict.fromkeys((*command.german, *command.words)) if f"#{word}" != command.word(language)
            ),
            help=command.help.to(language),
        )
        for command in COMMANDS
    )

    def variables(marker: str) -> HelpVariables:
        return HelpVariables(marker=marker, agent_name=desk.policy.agents[agent].name, commands=commands)

    return variables
