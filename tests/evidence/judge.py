"""pyspf as the judge of our SPF, fed by our own resolver.

pyspf asks the DNS through a module-wide function, and waits. Here it runs in a greenlet of its own: its question goes to our
resolver, and the greenlet sleeps until the event loop has the answer, so that no thread is needed.
"""

import sys
import warnings
from collections.abc import Coroutine
from typing import Any, cast

import greenlet  # type: ignore[import-untyped]

from gateway.evidence.answers import Answer, AnswerStatus, RecordType
from gateway.evidence.resolver import Dns
from gateway.mail.addresses import Address

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of escapes in its texts, wherever it was not compiled when installed
    import spf

Found = list[tuple[tuple[str, str], object]]


class _Evaluation(greenlet.greenlet):  # type: ignore[misc]
    """One evaluation of pyspf, and whom it asks."""

    dns: Dns


def look_up(name: str, kind: str, *_: object) -> Found:
    """Answer a question of the evaluation that is running, in the form that pyspf reads."""
    running = greenlet.getcurrent()
    assert isinstance(running, _Evaluation)
    assert running.parent is not None
    answer = cast("Answer", running.parent.switch(running.dns.ask(name, RecordType(kind))))
    if answer.status is AnswerStatus.TEMPORARY:
        raise spf.TempError(name)
    if kind == "TXT":
        return [((name, kind), (text,)) for text in answer.texts]
    if kind == "MX":
        return [((name, kind), place) for place in enumerate(answer.hosts)]
    return [((name, kind), host) for host in answer.hosts]


spf.DNSLookup = look_up


async def ask_pyspf(dns: Dns, *, client_ip: str, reverse_path: Address | None, helo: str) -> str:
    """Return pyspf's result for a mail, RFC 7208's word."""

    def evaluate() -> str:
        sender = str(reverse_path) if reverse_path else ""
        return str(spf.query(client_ip, sender, helo, timeout=0, querytime=0).check()[0])

    evaluation = _Evaluation(evaluate)
    evaluation.dns = dns
    said: Any = evaluation.switch()
    while not evaluation.dead:
        question = cast("Coroutine[None, None, Answer]", said)
        try:
            answer = await question
        except BaseException:  # noqa: BLE001 handed on, cancellation too
            said = evaluation.throw(*sys.exc_info())
        else:
            said = evaluation.switch(answer)
    return str(said)
