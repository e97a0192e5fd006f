"""A sample of the weekly report, for previews and to try an admin's template."""

from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.pipeline.report_variables import FiguresView, ReportVariables, SectionView, SpeedView, WaitingView

_UNTIL: Final = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
_HOUR: Final = 3600.0


def _figures(name: str, new: int, ages: tuple[int, ...], *, kept: tuple[int | None, int | None], hours: float) -> FiguresView:
    return FiguresView(
        name=name,
        new=new,
        solved=max(0, new - 4),
        open=sum(ages),
        ages=ages,
        answer=SpeedView(count=new, median=hours * _HOUR, ninetieth=hours * 4 * _HOUR),
        resolution=SpeedView(count=new, median=hours * 12 * _HOUR, ninetieth=hours * 40 * _HOUR),
        reaction_kept=kept[0],
        resolution_kept=kept[1],
        new_share=min(100, new),
        open_share=min(100, 2 * sum(ages)),
    )


_NONE: Final = SpeedView(count=0, median=None, ninetieth=None)
_SUPPORT: Final = _figures("Firma Support", 96, (11, 8, 5, 3, 1), kept=(94, 81), hours=1.5)
_ACCOUNTS: Final = _figures("Buchhaltung und Rechnungswesen der Firma", 31, (4, 2, 1, 0, 0), kept=(72, 60), hours=6)
_NOBODY: Final = FiguresView(
    name="",
    new=3,
    solved=0,
    open=3,
    ages=(1, 2, 0, 0, 0),
    answer=_NONE,
    resolution=_NONE,
    reaction_kept=None,
    resolution_kept=None,
    new_share=3,
    open_share=6,
)

REPORT: Final = ReportVariables(
    hostname="gw.firma.example",
    title="team",
    since=_UNTIL - timedelta(days=7),
    until=_UNTIL,
    total=_figures("", 127, (15, 10, 6, 3, 1), kept=(91, 76), hours=2),
    sections=(
        SectionView(dimension="channel", figures=(_SUPPORT, _ACCOUNTS)),
        SectionView(
            dimension="agent",
            figures=(
                _figures("Anna Arndt", 71, (8, 4, 2, 0, 0), kept=(97, 88), hours=0.4),
                _figures("Bela Brandt", 53, (6, 5, 4, 3, 1), kept=(88, None), hours=3),
                _NOBODY,
            ),
        ),
    ),
    suspended=(
        WaitingView(channel="Firma Support", reason="contradicted_sender", waiting=4, new=4),
        WaitingView(channel="Firma Support", reason="stranger_on_ticket", waiting=2, new=0),
    ),
)
NO_REPORT: Final = ReportVariables(
    hostname="gw.firma.example",
    title="team",
    since=_UNTIL - timedelta(days=7),
    until=_UNTIL,
    total=FiguresView(
        name="",
        new=0,
        solved=0,
        open=0,
        ages=(0, 0, 0, 0, 0),
        answer=_NONE,
        resolution=_NONE,
        reaction_kept=None,
        resolution_kept=None,
        new_share=0,
        open_share=0,
    ),
    sections=(),
    suspended=(),
)
