"""`contacts`: who writes to us, and what is known of them."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import AsJson, ConfigPath, config_path

contacts_app = typer.Typer(
    no_args_is_help=True, help="People who write to us: list, show, add, edit, merge, import, export, dump, erase."
)

AnAddress = Annotated[str, typer.Argument(metavar="ADDRESS", help="Any address of the person.")]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="What the person is called.")]
Organisation = Annotated[str | None, typer.Option("--organisation", metavar="NAME", help="Whom the person belongs to.")]
Type = Annotated[str | None, typer.Option("--type", metavar="WORD", help="A word of your own, such as customer.")]
Vip = Annotated[bool | None, typer.Option("--vip/--no-vip", help="Rules and agents see it.", show_default=False)]
Notes = Annotated[str | None, typer.Option("--notes", metavar="TEXT", help="What agents should know.")]
Language = Annotated[str | None, typer.Option("--language", metavar="de|en", help="Of texts to this person.")]


@contacts_app.command("list")
def list_contacts(  # noqa: PLR0913 one option for each
    context: typer.Context,
    *,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="In a name or an address.", show_default=False)] = None,
    organisation: Organisation = None,
    type: Type = None,  # noqa: A002 the option's name
    vip: Vip = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="NUMBER", help="At most so many.")] = 50,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """List people and what is known of them."""
    from gateway.cli.show_people import Wanted, show_contacts  # noqa: PLC0415 heavy

    wanted = Wanted(text=text, organisation=organisation, type=type, is_vip=vip, limit=limit)
    show_contacts(config_path(context, config), wanted, as_json=as_json)


@contacts_app.command("show")
def show_contact(context: typer.Context, *, address: AnAddress, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Show a person and their newest tickets."""
    from gateway.cli.show_people import show_contact as show  # noqa: PLC0415 heavy

    show(config_path(context, config), address, as_json=as_json)


@contacts_app.command("add")
def add_contact(  # noqa: PLR0913 one option for each
    context: typer.Context,
    *,
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS…", help="The first is where we write to.")],
    name: Name = None,
    organisation: Organisation = None,
    type: Type = None,  # noqa: A002 the option's name
    vip: Vip = None,
    notes: Notes = None,
    language: Language = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Write down a person. Who is written down by hand counts as verified."""
    from gateway.cli.people_work import ask_people, read_address  # noqa: PLC0415 heavy
    from gateway.pipeline.wishes import AddContact, Person  # noqa: PLC0415 heavy

    person = Person(
        addresses=tuple(map(read_address, addresses)),
        name=name,
        organisation=organisation,
        type=type,
        is_vip=vip,
        notes=notes,
        language=language,
    )
    raise typer.Exit(ask_people(config_path(context, config), [AddContact(person=person)], as_json=as_json))


@contacts_app.command("edit")
def edit_contact(  # noqa: PLR0913 one option for each
    context: typer.Context,
    *,
    address: AnAddress,
    name: Name = None,
    organisation: Organisation = None,
    type: Type = None,  # noqa: A002 the option's name
    vip: Vip = None,
    notes: Notes = None,
    language: Language = None,
    add_address: Annotated[list[str] | None, typer.Option(metavar="ADDRESS", help="A further one of theirs.")] = None,
    remove_address: Annotated[list[str] | None, typer.Option(metavar="ADDRESS", help="No longer theirs.")] = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Change what is known of a person; an empty text takes away."""
    from gateway.cli.people_work import ask_people, read_address  # noqa: PLC0415 heavy
    from gateway.pipeline.wishes import EditContact, Person  # noqa: PLC0415 heavy

    change = Person(
        addresses=tuple(map(read_address, add_address or [])),
        name=name,
        organisation=organisation,
        type=type,
        is_vip=vip,
        notes=notes,
        language=language,
    )
    gone = tuple(map(read_address, remove_address or []))
    wish = EditContact(address=read_address(address), change=change, gone=gone)
    raise typer.Exit(ask_people(config_path(context, config), [wish], as_json=as_json))


@contacts_app.command("merge")
def merge_contacts(
    context: typer.Context,
    *,
    kept: Annotated[str, typer.Argument(metavar="ADDRESS", help="Of whom you keep: what is known of them wins.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="An address of the same person.")],
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Make one person of two; an address that nobody is known by is added."""
    from gateway.cli.people_work import ask_people, read_address  # noqa: PLC0415 heavy
    from gateway.pipeline.wishes import MergeContacts  # noqa: PLC0415 heavy

    wish = MergeContacts(kept=read_address(kept), other=read_address(other))
    raise typer.Exit(ask_people(config_path(context, config), [wish], as_json=as_json))


@contacts_app.command("import")
def import_contacts(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A table with a header; `-` is standard input.")],
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out lines with mistakes instead of importing nothing.")
    ] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Import people from CSV: name, address, more addresses, organisation, type, vip, notes, language.

    Who is known already gets what the file says and keeps what it does not. Nothing is imported when a line is wrong.
    """
    from gateway.cli.contact_files import import_contacts as import_file  # noqa: PLC0415 heavy

    raise typer.Exit(import_file(config_path(context, config), file, skip_bad=skip_bad, as_json=as_json))


@contacts_app.command("export")
def export_contacts(
    context: typer.Context,
    *,
    delimiter: Annotated[str, typer.Option(metavar="SIGN", help="`,` or `;`.")] = ",",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Print everybody as CSV, as `contacts import` reads it."""
    from gateway.cli.contact_files import export_contacts as export  # noqa: PLC0415 heavy

    export(config_path(context, config), delimiter=delimiter, as_json=as_json)


@contacts_app.command("dump")
def dump_contact(
    context: typer.Context,
    *,
    address: AnAddress,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE.zip", help="A new zip file.")] = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Hand out everything about a person: tickets, posts, mails with attachments. Without --to the JSON alone."""
    from gateway.cli.contact_dump import dump  # noqa: PLC0415 heavy

    raise typer.Exit(dump(config_path(context, config), address, to=to, as_json=as_json))


@contacts_app.command("erase")
def erase_contact(
    context: typer.Context,
    *,
    address: AnAddress,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Erase everything about a person for good; of tickets a stub stays. Exit code 75: some mail is not decided yet."""
    from gateway.cli.contact_dump import erase  # noqa: PLC0415 heavy

    raise typer.Exit(erase(config_path(context, config), address, is_sure=yes, as_json=as_json))
