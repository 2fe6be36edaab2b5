"""Live tables: rounds on a clock that nothing can stop, and what players put on them.

The phase of a table follows from the time alone: nothing has to tick for a round to begin, and a
casino that hangs holds up its own player's bet and nobody else's. Only paying out is work; it lies in
the book with the time it is due, so it survives a restart and is done once.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from apps.games.providers.alea.simulator import catalogue, engines, money, vendor
from apps.games.providers.alea.simulator.vendor import book
from apps.integrations.simulation import Json, Refused

Phase = Literal["betting", "closed", "result"]
# Seconds: bets are taken, the wheel turns, the result stands.
CLOCK = {"betting": 15.0, "closed": 6.0, "result": 6.0}
HISTORY = 14
GONE_SECONDS = 25  # a page that has not asked for so long has left its seat
BETS_MAX = 60
REGULARS = (
    *("Heron 41", "Juniper", "Quartz", "Mistral", "Old Tram", "Pomelo", "Basalt", "Fennel"),
    *("Cormorant", "Night Bus", "Saffron", "Kestrel"),
)
SAYINGS: dict[Phase, str] = {
    "betting": "Place your bets",
    "closed": "No more bets",
    "result": "Result",
}


@dataclass(frozen=True)
class Round:
    """One round of one table, as the clock has it at a moment."""

    id: str
    number: int
    phase: Phase
    ends_at: datetime
    closes_at: datetime
    result_at: datetime


# ---- the clock ----------------------------------------------------------------------------------


def clock() -> Json:
    return {"epoch": 0.0, "name": "0", **CLOCK} | (book.get("settings", "clock") or {})


def set_clock(seconds: dict[str, float]) -> Json:
    """Change how long each phase takes; every table begins a new round."""
    epoch = datetime.now(UTC).timestamp()
    kept = {**CLOCK, **seconds, "epoch": epoch, "name": str(int(epoch))}
    book.put("settings", "clock", kept)
    return kept


def hurry() -> Json:
    """End the phase that runs now, once the clock was set; what is due comes as much earlier."""
    kept, at = clock(), datetime.now(UTC)
    if not kept["epoch"]:
        raise Refused("Set the clock first: until then the tables are not in step.")
    # All are in step, so any table's phase will do.
    round_ = current(next(iter(catalogue.games().values())), at)
    kept["epoch"] -= (round_.ends_at - at).total_seconds()
    book.put("settings", "clock", kept)
    for hand in book.find("hands", {"settled": False}, limit=1000):
        if hand.due_at is not None:
            book.schedule("hands", hand.key, hand.due_at - (round_.ends_at - at))
    return kept


def current(game: catalogue.Game, at: datetime) -> Round:
    kept = clock()
    cycle = kept["betting"] + kept["closed"] + kept["result"]
    # Tables are not in step; after the clock was set, all begin with the betting.
    offset = 0.0 if kept["epoch"] else (game.number * 7.3) % cycle
    passed = at.timestamp() - kept["epoch"] + offset
    number = int(passed // cycle)
    began = at - timedelta(seconds=passed - number * cycle)
    closes_at = began + timedelta(seconds=kept["betting"])
    result_at = closes_at + timedelta(seconds=kept["closed"])
    ends_at = result_at + timedelta(seconds=kept["result"])
    phase: Phase = "result"
    if at < closes_at:
        phase, ends_at = "betting", closes_at
    elif at < result_at:
        phase, ends_at = "closed", result_at
    return Round(
        id=f"{game.id}-{kept['name']}-{number}",
        number=number,
        phase=phase,
        ends_at=ends_at,
        closes_at=closes_at,
        result_at=result_at,
    )


def outcome_of(game: catalogue.Game, round_id: str, secret: bytes = b"") -> engines.Outcome:
    """What falls in a round: fixed from the start, and not to be known without our secret."""
    seed = hmac.new(secret or _secret(), round_id.encode(), hashlib.sha256).digest()
    return game.engine.draw(Random(seed))  # noqa: S311 (seeded by a keyed hash)


def _secret() -> bytes:
    kept = book.get("settings", "shoe")
    if kept is None:
        book.insert("settings", "shoe", {"secret": secrets.token_hex(32)})
        kept = book.get("settings", "shoe") or {}
    return bytes.fromhex(kept["secret"])


def history(game: catalogue.Game, round_: Round) -> list[Json]:
    """The last results, newest first; a running round's is not among them before it stands."""
    prefix = round_.id.rpartition("-")[0]
    newest = round_.number if round_.phase == "result" else round_.number - 1
    secret = _secret()
    fallen = [
        outcome_of(game, f"{prefix}-{number}", secret)
        for number in range(newest, max(-1, newest - HISTORY), -1)
    ]
    return [{"name": one.name, "tone": one.tone} for one in fallen]


# ---- seats --------------------------------------------------------------------------------------


def sit(play: Json, game: catalogue.Game, at: datetime) -> int:
    """Say that the page is there, and take a free seat; 0 means standing behind the others."""
    taken = {one["seat"] for one in at_table(game, at) if one["play_id"] != play["play_id"]}
    with book.locked("plays", play["play_id"]) as kept:
        kept["seen_at"] = at.isoformat()
        if game.seats and (not kept["seat"] or kept["seat"] in taken):
            free = [seat for seat in range(1, game.seats + 1) if seat not in taken]
            kept["seat"] = free[0] if free else 0
        seat: int = kept["seat"]
    return seat


def at_table(game: catalogue.Game, at: datetime) -> list[Json]:
    """Sessions whose page is open at this table now, who came first first."""
    since = (at - timedelta(seconds=GONE_SECONDS)).isoformat()
    found = book.find("plays", {"game": game.id}, limit=100)
    return [one.body for one in reversed(found) if one.body["seen_at"] > since]


def company(game: catalogue.Game, round_: Round, mine: str, at: datetime) -> list[Json]:
    """Who else plays this round and on what: other players, then the room's regulars."""
    hands = {
        one.body["play_id"]: one.body
        for one in book.find("hands", {"round_id": round_.id}, limit=60)
    }
    others = [
        {
            "name": f"Guest {int(one['play_id'][:6], 16) % 900 + 100}",
            "seat": one["seat"],
            "spots": sorted(_chips(hands.get(one["play_id"]))),
            "is_real": True,
        }
        for one in at_table(game, at)
        if one["play_id"] != mine
    ]
    return others + _regulars(game, round_, others, at)


def _regulars(game: catalogue.Game, round_: Round, others: list[Json], at: datetime) -> list[Json]:
    """Made up and without money: an empty room is no room. They leave seats to those who come."""
    dice = Random(f"{game.id}-{round_.number // 20}")  # noqa: S311 (decoration)
    names = dice.sample(REGULARS, 4)
    free = (game.seats or 99) - len(others) - 2
    spots = list(game.engine.spots)
    shown = []
    for place, name in enumerate(names[: max(0, free)]):
        bets = Random(f"{round_.id}-{name}")  # noqa: S311 (decoration)
        chosen = bets.sample(spots[: max(3, len(spots) // 2)], min(2, bets.randint(0, 3)))
        since_open = (
            at - (round_.closes_at - timedelta(seconds=clock()["betting"]))
        ).total_seconds()
        visible = chosen if since_open > bets.uniform(1, 6) else []
        seat = (game.seats or 0) and game.seats - place
        shown.append({"name": name, "seat": seat, "spots": visible, "is_real": False})
    return shown


# ---- bets ---------------------------------------------------------------------------------------


def place(play: Json, spot: str, units: int) -> Json:
    """Put a chip down: {refusal}, and the hand as it stands. Raises Refused for what no page asks."""
    game = vendor.game_of(play)
    if not game.is_live:
        raise Refused("This is no live table.")
    if spot not in game.engine.spots:
        raise Refused("There is no such spot.")
    at = datetime.now(UTC)
    round_ = current(game, at)
    if round_.phase != "betting":
        return {"refusal": "No more bets."}
    if game.seats and not sit(play, game, at):
        return {"refusal": "All seats are taken. You can watch."}
    hand_key = f"{round_.id}:{play['play_id']}"
    _open_hand(hand_key, play, game, round_)
    bet_id = vendor.new_id()
    least, most = game.limits(play["currency"])
    with book.locked("hands", hand_key) as hand:
        staked = sum(bet["units"] for bet in hand["bets"] if bet["state"] in {"asked", "good"})
        if units < least:
            return {"refusal": f"The least is {money.text(least, play['currency'])}."}
        if staked + units > most:
            return {"refusal": f"The most is {money.text(most, play['currency'])} a round."}
        if len(hand["bets"]) >= BETS_MAX:
            return {"refusal": "That is enough chips for one round."}
        hand["bets"].append({"id": bet_id, "spot": spot, "units": units, "state": "asked"})
    if play["demo"]:
        return _settle_bet(play, hand_key, bet_id, _pay_fun(play, -units))
    sent = vendor.document(play, "BET", key=bet_id, round_id=round_.id, amount=units)
    said = vendor.ask(play, sent, insists=True)
    if said.is_good:
        return _settle_bet(play, hand_key, bet_id, "")
    if not said.is_refused:
        vendor.take_back(play, bet_id, round_.id)
        return _settle_bet(play, hand_key, bet_id, vendor.SILENT)
    return _settle_bet(play, hand_key, bet_id, said.refusal)


def undo(play: Json) -> Json:
    """Take the last chip back while bets are open; the casino gets a rollback."""
    game = vendor.game_of(play)
    round_ = current(game, datetime.now(UTC))
    if round_.phase != "betting":
        return {"refusal": "No more bets."}
    with _hand(f"{round_.id}:{play['play_id']}") as hand:
        good = [bet for bet in (hand or {}).get("bets", []) if bet["state"] == "good"]
        if not good:
            return {"refusal": "There is nothing to take back."}
        good[-1]["state"] = "undone"
        bet = dict(good[-1])
    if play["demo"]:
        _pay_fun(play, bet["units"])
    else:
        vendor.take_back(play, bet["id"], round_.id)
    return {"refusal": ""}


def _open_hand(key: str, play: Json, game: catalogue.Game, round_: Round) -> None:
    hand: Json = {
        "round_id": round_.id,
        "game": game.id,
        "play_id": play["play_id"],
        "player_id": play["player_id"],
        "currency": play["currency"],
        "bets": [],
        "settled": False,
        "win_units": 0,
    }
    if book.insert("hands", key, hand, due_at=round_.result_at):
        with book.locked("plays", play["play_id"]) as kept:
            kept["rounds"] += 1


def _settle_bet(play: Json, hand_key: str, bet_id: str, refusal: str) -> Json:
    """Note what became of a chip; one that was answered after the result is taken back."""
    with book.locked("hands", hand_key) as hand:
        bet = next(one for one in hand["bets"] if one["id"] == bet_id)
        bet["state"] = "void" if refusal else "late" if hand["settled"] else "good"
        is_late = bet["state"] == "late"
        units, round_id = bet["units"], hand["round_id"]
    if not is_late:
        return {"refusal": refusal}
    if play["demo"]:
        _pay_fun(play, units)
    else:
        vendor.take_back(play, bet_id, round_id)
    return {"refusal": "The bet came too late and returns."}


def _pay_fun(play: Json, units: int) -> str:
    with book.locked("plays", play["play_id"]) as kept:
        if kept["balance_units"] + units < 0:
            return vendor.WORDS["INSUFFICIENT_FUNDS"]
        kept["balance_units"] += units
    return ""


@contextmanager
def _hand(key: str) -> Iterator[Json | None]:
    try:
        with book.locked("hands", key) as hand:
            yield hand
    except KeyError:
        yield None


def _chips(hand: Json | None) -> dict[str, int]:
    """What counts of a hand: spot to units."""
    chips: dict[str, int] = {}
    for bet in (hand or {}).get("bets", []):
        if bet["state"] == "good":
            chips[bet["spot"]] = chips.get(bet["spot"], 0) + bet["units"]
    return chips


def hand_of(play: Json, round_: Round) -> tuple[dict[str, int], int]:
    """A player's chips in a round, and what they won once it is settled."""
    hand = book.get("hands", f"{round_.id}:{play['play_id']}")
    return _chips(hand), (hand or {}).get("win_units", 0)


# ---- paying out ---------------------------------------------------------------------------------


def settle_due() -> int:
    """Pay the rounds whose result stands. Writes to the book and to the courier, calls nobody."""
    due = book.take_due("hands")
    for document in due:
        _settle(document.key)
        book.schedule("hands", document.key, None)
    return len(due)


def _settle(key: str) -> None:
    with book.locked("hands", key) as hand:
        if hand["settled"]:
            return
        play = vendor.play_of(hand["play_id"])
        game = vendor.game_of(play)
        outcome = outcome_of(game, hand["round_id"])
        chips = _chips(hand)
        win_units = game.engine.win_units(outcome, chips)
        # With an id that follows from the hand, a settlement that died here is repeated unharmed.
        vendor_id = str(int(hashlib.sha256(key.encode()).hexdigest()[:12], 16))
        if play["demo"]:
            _pay_fun(play, win_units)
        elif win_units:
            vendor.post(
                play,
                vendor.document(
                    play,
                    "WIN",
                    key=vendor_id,
                    round_id=hand["round_id"],
                    ends=True,
                    amount=win_units,
                ),
            )
        elif hand["bets"]:
            vendor.post(
                play,
                vendor.document(
                    play, "END_ROUND", key=vendor_id, round_id=hand["round_id"], ends=True
                ),
            )
        hand["settled"], hand["win_units"] = True, win_units
