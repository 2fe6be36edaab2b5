"""What the pages of our games say about them: one entry a game; a game without one has no page."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from apps.originals.fairness import tables
from apps.originals.fairness.tables import ONE


@dataclass(frozen=True, slots=True)
class GamePage:
    """line: the game in one sentence. returns: its return to player, in words."""

    code: str
    icon: str
    line: str
    returns: str


PAGES = {
    page.code: page
    for page in (
        GamePage(
            "crash",
            "crash",
            "One multiplier rises for everybody. Leave before it breaks off.",
            "99% or a little less, wherever you leave",
        ),
        GamePage(
            "dice",
            "dice",
            "Choose a target; the roll lands above it or below.",
            "99%, less what rounding a multiplier down to four decimals takes",
        ),
        GamePage(
            "limbo",
            "arrow-right",
            "Name a multiplier; the round reaches it or falls short.",
            "99% or a little less, whatever the target",
        ),
        GamePage(
            "mines",
            "fire",
            "Open tiles, keep clear of the embers, leave when you like.",
            "99%, less rounding, whatever you open and whenever you leave",
        ),
        GamePage(
            "plinko",
            "caret-down",
            "A ball falls through pegs into a bucket that pays.",
            "98.63% to 98.98%, by board; see the table",
        ),
        GamePage(
            "hilo",
            "cards",
            "Will the next card be higher or lower? An equal one wins.",
            "99%, less rounding, whatever you guess",
        ),
        GamePage(
            "wheel", "refresh", "One turn; the segment at the top pays.", "99% on every wheel"
        ),
        GamePage(
            "keno",
            "lottery",
            "Pick up to ten of forty numbers; ten are drawn.",
            "about 99%, by picks and risk; see the table",
        ),
        GamePage(
            "blackjack",
            "tables",
            "Come closer to 21 than the dealer, without going over.",
            "about 99.43% when every hand is played best",
        ),
        GamePage(
            "roulette",
            "roulette",
            "Single zero. Chips on the table, one ball, 37 pockets.",
            "97.30% on every spot",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class PayRow:
    """A line of a pay table: what it is for, what each result pays, its return."""

    name: str
    pays: list[str]
    returns: str


def pay_table(code: str) -> list[PayRow]:
    """The published table of a game that pays by one."""
    match code:
        case "plinko":
            return [
                _row(f"{rows} rows, {risk}", tables.plinko(rows, risk), _plinko_ways(rows))
                for rows in tables.plinko_rows()
                for risk in tables.RISKS
            ]
        case "wheel":
            return [
                _row(f"{segments} segments, {risk}", pays, [Fraction(1, segments)] * segments)
                for segments in tables.WHEEL_SEGMENTS
                for risk in tables.RISKS
                for pays in [tables.wheel(segments, risk)]
            ]
        case "keno":
            return [
                _row(
                    f"{picks} picked, {risk}",
                    pays,
                    [_keno_chance(picks, n) for n in range(len(pays))],
                )
                for risk in tables.RISKS
                for picks in range(1, tables.KENO_PICKS_MAX + 1)
                for pays in [tables.keno(picks, risk)]
            ]
    return []


def tables_for(code: str) -> dict[str, Any]:
    """The multipliers a page needs before a bet, in ten-thousandths."""
    match code:
        case "plinko":
            return {
                str(rows): {risk: tables.plinko(rows, risk) for risk in tables.RISKS}
                for rows in tables.plinko_rows()
            }
        case "wheel":
            return {
                str(segments): {risk: tables.wheel(segments, risk) for risk in tables.RISKS}
                for segments in tables.WHEEL_SEGMENTS
            }
        case "keno":
            return {
                risk: {
                    str(picks): tables.keno(picks, risk)
                    for picks in range(1, tables.KENO_PICKS_MAX + 1)
                }
                for risk in tables.RISKS
            }
    return {}


def times(multiplier: int) -> str:
    """Ten-thousandths as people read them: 2.0002, 1.5, 26."""
    text = f"{multiplier // ONE}.{multiplier % ONE:04d}".rstrip("0").rstrip(".")
    return f"{text}\N{MULTIPLICATION SIGN}"


def _row(name: str, pays: list[int], chances: list[Fraction]) -> PayRow:
    back = sum(
        (Fraction(one, ONE) * chance for one, chance in zip(pays, chances, strict=True)),
        start=Fraction(0),
    )
    hundredths = int(back * 10_000)
    shown = [times(one) for one in pays]
    if len(set(pays)) < len(pays) and len(pays) > 17:
        # A wheel: how many segments pay what says it shorter.
        shown = [f"{pays.count(one)} of {times(one)}" for one in sorted(set(pays))]
    return PayRow(name, shown, f"{hundredths // 100}.{hundredths % 100:02d}%")


def _plinko_ways(rows: int) -> list[Fraction]:
    line = [1]
    for _ in range(rows):
        line = [left + right for left, right in zip([0, *line], [*line, 0], strict=True)]
    return [Fraction(one, 2**rows) for one in line]


def _keno_chance(picks: int, hits: int) -> Fraction:
    return Fraction(*tables.keno_chance(picks, hits))
