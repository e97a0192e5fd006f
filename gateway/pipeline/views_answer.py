"""What the people outside get of an agent's answer, and what of the thread is quoted below it: only what each may know."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from markupsafe import Markup

from gateway.pipeline.identity import answered_by, signature_of
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.variable_views import PostView
from gateway.pipeline.variables import AnswerVariables
from gateway.pipeline.views import VariablesOf, channel_view, post_view, subject_tag
from gateway.tickets import Part, Participant, Post, Side, Ticket, Visibility

_MOST_QUOTED: Final = 20
_MOST_OCTETS_QUOTED: Final = 100_000


def answer_variables(ticket: Ticket, posts: Sequence[Post], participant: Participant, agent: str, desk: Desk) -> VariablesOf:
    """Return what a person outside gets of an agent's answer; a late participant gets no history.

    `posts` are those that `posts_for` lets this person know of.
    """
    policy = desk.policy
    channel = policy.channels[ticket.channel]
    signature = signature_of(agent, ticket, policy)
    seen = [p for p in reversed(posts[:-1]) if participant.since_post_id is None or p.id >= participant.since_post_id]
    public = [post for post in seen if post.visibility is Visibility.PUBLIC and post.side is not Side.SYSTEM]
    last = next((post for post in public if post.side is Side.CUSTOMER), None) if channel.texts.quote == "last" else None
    thread = public if channel.texts.quote == "all" else []
    is_first = all(post.visibility is Visibility.INTERNAL for post in posts[:-1])

    def variables(marker: str) -> AnswerVariables:
        return AnswerVariables(
            channel=channel_view(channel, ticket.answer_from),
            subject=desk.scrub(ticket.subject),
            tag=subject_tag(ticket, channel),
            text=desk.scrub(posts[-1].text),
            signature=signature.text,
            signature_html=Markup(signature.html),  # noqa: S704 sanitised
            marker=marker,
            previous=post_view(last, desk) if last else None,
            earlier=_quoted(thread, ticket, desk),
            is_first=is_first,
        )

    return variables


def posts_for(participant: Participant, ticket: Ticket, posts: Sequence[Post]) -> tuple[Post, ...]:
    """Return the posts without those of people whom this person must not know of: Bcc, and who takes part no more."""
    known = {p.mailbox.address.key for p in ticket.participants if p.part is not Part.BCC} | {participant.mailbox.address.key}
    return tuple(post for post in posts if post.side is not Side.CUSTOMER or post.author.address.key in known)


def _quoted(posts: Sequence[Post], ticket: Ticket, desk: Desk) -> tuple[PostView, ...]:
    """Return the thread as people outside may see it: agents under the name and address that their answers had."""
    room = _MOST_OCTETS_QUOTED
    views: list[PostView] = []
    for post in islice(posts, _MOST_QUOTED):
        view = post_view(post, desk)
        room -= len(view.text)
        if room < 0:
            break
        if post.side is not Side.CUSTOMER:
            agent = desk.policy.agent_of_address.get(post.author.address.key)
            name = answered_by(agent, ticket, desk.policy) if agent else desk.policy.channels[ticket.channel].display_name
            view = replace(view, author_name=name, author_address=str(ticket.answer_from))
        views.append(view)
    return tuple(views)
