"""A bar for every hour, drawn on the server: no script, and it can be read without seeing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.core.money import Money
from apps.reports.selectors import HourGgr

WIDTH, HEIGHT, TOP = 760, 240, 12
GAP = 2
LABELS_MAX = 8


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    width: int
    height: int
    is_loss: bool
    label: str
    amount: Money


@dataclass(frozen=True)
class Mark:
    x: int
    text: str


@dataclass(frozen=True)
class Chart:
    """Ready to draw. `zero` is the y of the base line; losses hang below it."""

    width: int
    height: int
    zero: int
    bars: list[Bar]
    marks: list[Mark]
    highest: Money
    lowest: Money
    is_empty: bool


def hourly(hours: Sequence[HourGgr]) -> Chart:
    """Bars of GGR, scaled to the largest of the period."""
    amounts = [hour.ggr.units for hour in hours]
    above, below = max(0, *amounts), max(0, *(-units for units in amounts))
    room = HEIGHT - TOP
    span = max(1, above + below)
    zero = TOP + room * above // span if above else TOP
    if not above and not below:
        zero = HEIGHT - 1
    step = Decimal(WIDTH) / len(hours)
    bars = []
    for number, hour in enumerate(hours):
        size = max(2, room * abs(hour.ggr.units) // span) if hour.ggr else 0
        bars.append(
            Bar(
                x=int(step * number),
                y=zero - size if hour.ggr.units > 0 else zero,
                width=max(1, int(step) - GAP),
                height=size,
                is_loss=hour.ggr.units < 0,
                label=f"{hour.hour:%d %b %H:00}",
                amount=hour.ggr,
            )
        )
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        zero=zero,
        bars=bars,
        marks=_marks(hours, step),
        highest=max((hour.ggr for hour in hours), key=lambda one: one.units),
        lowest=min((hour.ggr for hour in hours), key=lambda one: one.units),
        is_empty=not above and not below,
    )


def _marks(hours: Sequence[HourGgr], step: Decimal) -> list[Mark]:
    every = max(1, -(-len(hours) // LABELS_MAX))
    form = "%d %b" if len(hours) > 48 else "%H:00"
    return [
        Mark(int(step * number), format(hours[number].hour, form))
        for number in range(0, len(hours), every)
    ]
