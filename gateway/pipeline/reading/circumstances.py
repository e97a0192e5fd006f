"""What is known about a mail from outside of it, as far as it matters to reading it."""

from dataclasses import dataclass

from gateway.mail.addresses import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Envelope and configuration around a mail. Everything is optional: a file alone can be explained."""

    reverse_path_is_null: bool = False
    reverse_path: Address | None = None
    """None when it is null or not known."""
    envelope_recipients: tuple[Address, ...] = ()
    own_addresses: frozenset[str] = frozenset()
    """Keys of the channels' addresses (`Address.key`)."""
    intake_addresses: frozenset[str] = frozenset()
    """Keys of the intake addresses on our hostname."""
    hostname: str = ""
    """Ours; every address at it is our machinery."""
    from_declared_forwarder: bool = False
    declared_lists: frozenset[str] = frozenset()
    """Addresses (keys) or List-Ids of mailing lists whose rewriting of From may be undone."""
    declared_forms: frozenset[str] = frozenset()
    """Addresses (keys) that web forms write from: whoever filled one in stands in its Reply-To."""
    is_sender_sure: bool = False
    """The domain of the From address is proven or vouched for: otherwise anybody could pass for a list or a form."""
    own_marker_ids: frozenset[str] = frozenset()
    """Tokens that stand in the mail and whose MAC the caller has verified, in lower case."""
