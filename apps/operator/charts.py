"""Bars drawn on the server: no script, and they can be read without seeing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.core.money import Money
from apps.reports.selectors import HourGgr
from apps.treasury.selectors.board import HourCount
from apps.treasury.selectors.holdings import WHOLE_BPS, Level

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


LEVEL_WIDTH, HOT_WIDTH = 400, 160


@dataclass(frozen=True)
class Slice:
    """A piece of a lying bar. tone: owed, cold, warm or hot."""

    x: int
    width: int
    tone: str
    amount: Money


@dataclass(frozen=True)
class Holding:
    """What is owed above what is held, on one scale; and the hot share with its two marks."""

    width: int
    owed: int
    slices: list[Slice]
    hot_width: int
    hot: int
    target: int
    alarm: int
    words: str


def holdings(level: Level) -> Holding:
    """The bars of one currency."""
    whole = max(1, level.owed.units, level.held.units)
    slices, x = [], 0
    for tone, amount in (("cold", level.cold), ("warm", level.warm), ("hot", level.hot)):
        width = LEVEL_WIDTH * max(0, amount.units) // whole
        if amount.units > 0:
            slices.append(Slice(x, max(2, width), tone, amount))
        x += width
    alarm_bps = max(1, level.thresholds.hot_alarm_bps)
    # Twice the alarm fits; what is more fills the bar to its end.
    span = min(WHOLE_BPS, 2 * alarm_bps)
    return Holding(
        width=LEVEL_WIDTH,
        owed=LEVEL_WIDTH * level.owed.units // whole,
        slices=slices,
        hot_width=HOT_WIDTH,
        hot=min(HOT_WIDTH, HOT_WIDTH * max(0, level.hot_bps or 0) // span),
        target=HOT_WIDTH * level.thresholds.hot_target_bps // span,
        alarm=HOT_WIDTH * alarm_bps // span,
        words=(
            f"Owed {level.owed}; held {level.held}: cold {level.cold}, warm {level.warm}, "
            f"hot {level.hot}."
        ),
    )


@dataclass(frozen=True)
class VolumeBar:
    x: int
    y: int
    width: int
    height: int
    usual_y: int
    label: str
    count: int
    expected: int


@dataclass(frozen=True)
class Volume:
    """Payments of each hour as bars, what is usual in that hour of the week as a line."""

    width: int
    height: int
    bars: list[VolumeBar]
    marks: list[Mark]
    line: str
    highest: int
    has_usual: bool


def volume(hours: Sequence[HourCount]) -> Volume:
    """Scaled to the busiest hour of both."""
    highest = max(1, *(max(one.count, one.expected) for one in hours))
    room = HEIGHT - TOP
    step = Decimal(WIDTH) / len(hours)
    bars = [
        VolumeBar(
            x=int(step * number),
            y=HEIGHT - room * one.count // highest,
            width=max(1, int(step) - GAP),
            height=room * one.count // highest,
            usual_y=HEIGHT - room * one.expected // highest,
            label=f"{one.hour:%a %d %b %H:00}",
            count=one.count,
            expected=one.expected,
        )
        for number, one in enumerate(hours)
    ]
    every = max(1, -(-len(hours) // LABELS_MAX))
    return Volume(
        width=WIDTH,
        height=HEIGHT,
        bars=bars,
        marks=[
            Mark(int(step * number), f"{hours[number].hour:%a %H:00}")
            for number in range(0, len(hours), every)
        ],
        line=" ".join(f"{bar.x},{bar.usual_y} {bar.x + bar.width},{bar.usual_y}" for bar in bars),
        highest=highest,
        has_usual=any(one.weeks for one in hours),
    )
