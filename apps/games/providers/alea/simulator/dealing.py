"""Table games without a dealer: one player, one press, bet and win in one transaction."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.games.providers.alea.simulator import catalogue, engines, money, vendor
from apps.games.providers.alea.simulator.vendor import book
from apps.integrations.simulation import Json, Refused

ROUND_SECONDS_MAX = 30  # a round that died with its server frees the table after this


@dataclass(frozen=True)
class Dealt:
    """What the page is told about a round."""

    outcome: engines.Outcome | None
    staked_units: int = 0
    win_units: int = 0
    refusal: str = ""
    note: str = ""


def deal(play: Json, chips: dict[str, int]) -> Dealt:
    """Play one round with these chips. Raises Refused for what no page asks."""
    game = vendor.game_of(play)
    if game.is_live:
        raise Refused("At a live table the clock plays.")
    if not chips or any(spot not in game.engine.spots for spot in chips):
        raise Refused("There is no such spot.")
    if any(units <= 0 for units in chips.values()):
        raise Refused("A chip is more than nothing.")
    staked = sum(chips.values())
    least, most = game.limits(play["currency"])
    bonus = None if play["demo"] else vendor.active_bonus(play)
    if bonus is None and not least <= staked <= most:
        ends = f"{money.text(least, play['currency'])} and {money.text(most, play['currency'])}"
        return Dealt(None, refusal=f"Between {ends} a round.")
    _begin(play["play_id"])
    try:
        outcome = game.engine.draw(secrets.SystemRandom())
        won = game.engine.win_units(outcome, chips)
        if bonus is not None:
            return _free_round(play, game, bonus, outcome, chips)
        if play["demo"]:
            return _for_fun(play, outcome, staked, won)
        return _for_money(play, outcome, staked, won)
    finally:
        with book.locked("plays", play["play_id"]) as kept:
            kept["busy_until"] = ""


def _begin(play_id: str) -> None:
    """One round at a time, however often the button is pressed."""
    now = datetime.now(UTC)
    with book.locked("plays", play_id) as kept:
        if kept.get("busy_until", "") > now.isoformat():
            raise Refused("The last round is still running.", 409)
        kept["busy_until"] = (now + timedelta(seconds=ROUND_SECONDS_MAX)).isoformat()
        kept["rounds"] += 1


def _for_fun(play: Json, outcome: engines.Outcome, staked: int, won: int) -> Dealt:
    with book.locked("plays", play["play_id"]) as kept:
        if kept["balance_units"] < staked:
            return Dealt(None, refusal=vendor.WORDS["INSUFFICIENT_FUNDS"])
        kept["balance_units"] += won - staked
    return Dealt(outcome, staked, won)


def _for_money(play: Json, outcome: engines.Outcome, staked: int, won: int) -> Dealt:
    round_id, key = vendor.new_id(), vendor.new_id()
    if vendor.switchboard.current().callback_reorder:
        return _apart_and_overtaking(play, outcome, staked, won)
    sent = vendor.document(
        play, "BET_WIN", key=key, round_id=round_id, ends=True, bet=staked, win=won
    )
    said = vendor.ask(play, sent, insists=True)
    if said.is_good:
        return Dealt(outcome, staked, won)
    if said.is_refused:
        return Dealt(None, refusal=said.refusal)
    vendor.take_back(play, key, round_id)
    return Dealt(None, refusal=vendor.SILENT)


def _apart_and_overtaking(play: Json, outcome: engines.Outcome, staked: int, won: int) -> Dealt:
    """On a bad line: the win goes ahead of its bet, and again when the bet is taken."""
    round_id, bet_id = vendor.new_id(), vendor.new_id()
    win = vendor.document(
        play, "WIN", key=vendor.new_id(), round_id=round_id, ends=True, amount=won
    )
    vendor.ask(play, win)
    said = vendor.ask(
        play,
        vendor.document(play, "BET", key=bet_id, round_id=round_id, amount=staked),
        insists=True,
    )
    if said.is_refused:
        return Dealt(None, refusal=said.refusal)
    if not said.is_good:
        vendor.take_back(play, bet_id, round_id)
        return Dealt(None, refusal=vendor.SILENT)
    if vendor.ask(play, win, insists=True).is_good:
        return Dealt(outcome, staked, won)
    vendor.post(play, win)
    return Dealt(outcome, staked, won, note="The win is on its way to the casino.")


# ---- free rounds --------------------------------------------------------------------------------


def free_stake_units(game: catalogue.Game, bonus: Json, currency: str) -> int:
    """The stake of a free round: the level counts the table's chips."""
    least, most = game.limits(currency)
    chips = money.chips(least, most)
    stake: int = chips[min(bonus["level"], len(chips)) - 1]
    return stake


def _free_round(
    play: Json, game: catalogue.Game, bonus: Json, outcome: engines.Outcome, chips: dict[str, int]
) -> Dealt:
    """Costs nothing; the sum of all is paid when the last one is played."""
    stake = free_stake_units(game, bonus, play["currency"])
    spot = max(chips, key=lambda name: chips[name])
    won = game.engine.win_units(outcome, {spot: stake})
    with book.locked("bonuses", bonus["casino_bonus_id"]) as kept:
        kept["played"] += 1
        kept["win_units"] += won
        left = kept["amount"] - kept["played"]
        if left <= 0:
            kept["status"] = "COMPLETED"
        total = kept["win_units"]
    if left <= 0:
        vendor.post_promo(
            play,
            units=total,
            kind="OPERATOR_FREE_SPIN",
            bonus_id=bonus["casino_bonus_id"],
        )
    said = f"{left} left" if left > 0 else "That was the last one"
    note = f"Free round. {said}, {money.text(total, play['currency'])} won with them."
    return Dealt(outcome, 0, won, note=note)
