"""The originals by name: how a choice is read, and how a round resolves. Nothing here keeps state."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from apps.originals.errors import InvalidChoice
from apps.originals.fairness import games
from apps.originals.fairness.draws import Draws
from apps.originals.fairness.games import Outcome

CASH_OUT = "cash_out"
ACTIONS_MAX = 60
OPEN_CELL = re.compile(r"open:([0-9]{1,2})", re.ASCII)

Risk = Literal["low", "medium", "high"]


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a player sets before a bet; each game has its own."""


class DiceChoice(Choice, frozen=True):
    """target: hundredths, 5050 is 50.50."""

    target: int
    over: bool


class LimboChoice(Choice, frozen=True):
    """target: hundredths of the multiplier."""

    target: int


class CrashChoice(Choice, frozen=True):
    """auto: hundredths to cash out at by itself; 0 leaves it to the player."""

    auto: int


class WheelChoice(Choice, frozen=True):
    segments: int
    risk: Risk


class PlinkoChoice(Choice, frozen=True):
    rows: int
    risk: Risk


class KenoChoice(Choice, frozen=True):
    picks: list[int]
    risk: Risk


class RouletteChoice(Choice, frozen=True):
    """chips: spot to how many parts of the stake lie on it."""

    chips: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]], msgspec.Meta(max_length=160)
    ]


class MinesChoice(Choice, frozen=True):
    mines: int


class NoChoice(Choice, frozen=True):
    pass


@dataclass(frozen=True)
class Rule:
    """resolve: what a round is after these actions. can_leave: with what it is worth so far.

    is_shared: everybody plays the same round, whose result is no seed pair's (crash).
    """

    code: str
    title: str
    choice: type[Choice]
    resolve: Callable[[Draws, Any, Sequence[str]], Outcome]
    has_steps: bool = False
    can_leave: bool = False
    is_shared: bool = False

    def read(self, choice: Mapping[str, Any]) -> Choice:
        """Raises InvalidChoice."""
        try:
            return msgspec.convert(dict(choice), self.choice, strict=True)
        except msgspec.ValidationError as error:
            raise InvalidChoice(str(error)) from None

    def play(self, draws: Draws, choice: Choice, actions: Sequence[str] = ()) -> Outcome:
        """Raises InvalidChoice for what the rules do not have."""
        if len(actions) > ACTIONS_MAX or (actions and not self.has_steps):
            raise InvalidChoice("This round takes no more.")
        try:
            return self.resolve(draws, choice, actions)
        except games.InvalidChoice as error:
            raise InvalidChoice(str(error)) from None


def _mines(draws: Draws, choice: MinesChoice, actions: Sequence[str]) -> Outcome:
    left, cashed_out = _without_cash_out(actions)
    opened = []
    for action in left:
        cell = OPEN_CELL.fullmatch(action)
        if cell is None:
            raise games.InvalidChoice("Open a cell or cash out.")
        opened.append(int(cell[1]))
    return games.mines(draws, mines=choice.mines, opened=opened, cashed_out=cashed_out)


def _hilo(draws: Draws, _choice: NoChoice, actions: Sequence[str]) -> Outcome:
    guesses, cashed_out = _without_cash_out(actions)
    return games.hilo(draws, guesses=guesses, cashed_out=cashed_out)


def _without_cash_out(actions: Sequence[str]) -> tuple[Sequence[str], bool]:
    if actions and actions[-1] == CASH_OUT:
        return actions[:-1], True
    return actions, False


RULES = {
    rule.code: rule
    for rule in (
        Rule(
            "dice", "Dice", DiceChoice,
            lambda draws, its, _: games.dice(draws, target=its.target, over=its.over),
        ),
        Rule(
            "limbo", "Limbo", LimboChoice,
            lambda draws, its, _: games.limbo(draws, target=its.target),
        ),
        Rule(
            "crash", "Crash", CrashChoice,
            lambda draws, its, actions: games.crash(draws, auto=its.auto, actions=actions),
            has_steps=True, is_shared=True,
        ),
        Rule("mines", "Mines", MinesChoice, _mines, has_steps=True, can_leave=True),
        Rule(
            "plinko", "Plinko", PlinkoChoice,
            lambda draws, its, _: games.plinko(draws, rows=its.rows, risk=its.risk),
        ),
        Rule(
            "roulette", "Roulette", RouletteChoice,
            lambda draws, its, _: games.roulette(draws, chips=its.chips),
        ),
        Rule(
            "blackjack", "Blackjack", NoChoice,
            lambda draws, _, actions: games.blackjack(draws, actions=actions), has_steps=True,
        ),
        Rule(
            "keno", "Keno", KenoChoice,
            lambda draws, its, _: games.keno(draws, picks=its.picks, risk=its.risk),
        ),
        Rule("hilo", "Hi-Lo", NoChoice, _hilo, has_steps=True, can_leave=True),
        Rule(
            "wheel", "Wheel", WheelChoice,
            lambda draws, its, _: games.wheel(draws, segments=its.segments, risk=its.risk),
        ),
    )
}  # fmt: skip
