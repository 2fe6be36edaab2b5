"""The page a player sees in the casino's frame, and the few calls it makes."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.games.providers.alea.simulator import catalogue, dealing, engines, money, tables, vendor
from apps.integrations.simulation import Json, Refused, control, page


def table_page(request: HttpRequest, play_id: str) -> HttpResponse:
    try:
        play = vendor.play_of(play_id)
    except Refused:
        gone: Json = {"title": "This game session does not exist"}
        return page(request, "alea/gone.html", gone, framed=True, status=404)
    game = vendor.game_of(play)
    context: Json = {
        "game": game,
        "play": play,
        "url": f"/alea/table/{play_id}/",
        "limits": [
            money.trimmed(units, play["currency"]) for units in game.limits(play["currency"])
        ],
    }
    return page(request, "alea/table.html", context, framed=True)


@control
def opened(_data: Json, play_id: str) -> Json:
    """Everything that stays while the page is open; asks the casino for the balance."""
    play = vendor.play_of(play_id)
    game = vendor.game_of(play)
    refusal = vendor.ask_balance(play)
    currency = play["currency"]
    least, most = game.limits(currency)
    launch = play["launch"]
    return {
        "engine": game.engine_name,
        "is_live": game.is_live,
        "currency": currency,
        "decimals": money.decimals(currency),
        "demo": play["demo"],
        "spots": game.engine.spots,
        "chips": [_amount(units, currency) for units in money.chips(least, most)],
        "least": _amount(least, currency),
        "most": _amount(most, currency),
        "seats": game.seats or 0,
        "rtp": game.rtp,
        "red": sorted(engines.RED),
        "pockets": list(engines.POCKETS),
        "segments": list(engines.wheel_layout()),
        "lobby_url": _safe_url(launch.get("lobbyUrl")),
        "deposit_url": _safe_url(launch.get("depositUrl")),
        "refusal": refusal,
    } | state_of(play, game)


@control
def state(_data: Json, play_id: str) -> Json:
    """What changes by itself. Asked every second, so it calls nobody."""
    play = vendor.play_of(play_id)
    return state_of(play, vendor.game_of(play))


def state_of(play: Json, game: catalogue.Game) -> Json:
    balance = vendor.play_of(play["play_id"])["balance_units"]
    shown: Json = {"balance": _amount(balance, play["currency"]), "free": _free(play, game)}
    if not game.is_live:
        return shown
    at = datetime.now(UTC)
    seat = tables.sit(play, game, at)
    round_ = tables.current(game, at)
    chips, won = tables.hand_of(play, round_)
    shown |= {
        "round": round_.id,
        "number": round_.number,
        "phase": round_.phase,
        "says": tables.SAYINGS[round_.phase],
        "ends_in_ms": max(0, round((round_.ends_at - at).total_seconds() * 1000)),
        "betting_ms": round(tables.clock()["betting"] * 1000),
        "turning_ms": round(tables.clock()["closed"] * 1000),
        "mine": {spot: _amount(units, play["currency"]) for spot, units in chips.items()},
        "staked": _amount(sum(chips.values()), play["currency"]),
        "history": tables.history(game, round_),
        "company": tables.company(game, round_, play["play_id"], at),
        "seat": seat,
    }
    if round_.phase != "betting":
        # Nobody is told before the bets are closed.
        outcome = tables.outcome_of(game, round_.id)
        shown |= {"show": outcome.show, "hits": game.engine.hits(outcome)}
        if round_.phase == "result":
            shown["win"] = _amount(won or game.engine.win_units(outcome, chips), play["currency"])
    return shown


@control
def place(data: Json, play_id: str) -> Json:
    """Put a chip on a spot of a live table."""
    play = vendor.play_of(play_id)
    units = _units(data.get("units"))
    said = tables.place(play, str(data.get("spot", "")), units)
    return said | state_of(play, vendor.game_of(play))


@control
def undo(_data: Json, play_id: str) -> Json:
    play = vendor.play_of(play_id)
    return tables.undo(play) | state_of(play, vendor.game_of(play))


@control
def deal(data: Json, play_id: str) -> Json:
    """Play a round of a table game with the chips the page sends."""
    play = vendor.play_of(play_id)
    game = vendor.game_of(play)
    listed = data.get("chips")
    if not isinstance(listed, dict):
        raise Refused("chips is an object.")
    dealt = dealing.deal(play, {str(spot): _units(units) for spot, units in listed.items()})
    answer: Json = {"refusal": dealt.refusal, "note": dealt.note} | state_of(play, game)
    if dealt.outcome is not None:
        answer |= {
            "show": dealt.outcome.show,
            "name": dealt.outcome.name,
            "tone": dealt.outcome.tone,
            "hits": game.engine.hits(dealt.outcome),
            "win": _amount(dealt.win_units, play["currency"]),
            "staked": _amount(dealt.staked_units, play["currency"]),
        }
    return answer


def _free(play: Json, game: catalogue.Game) -> Json | None:
    bonus = None if play["demo"] or game.is_live else vendor.active_bonus(play)
    if bonus is None:
        return None
    stake = dealing.free_stake_units(game, bonus, play["currency"])
    return {"left": bonus["amount"] - bonus["played"], "stake": _amount(stake, play["currency"])}


def _units(value: Any) -> int:
    if not isinstance(value, str) or not value.isdigit() or len(value) > 20:
        raise Refused("A chip is a text of whole units.")
    return int(value)


def _amount(units: int | None, currency: str) -> Json | None:
    """Units as text, because they can be larger than a number in JavaScript."""
    if units is None:
        return None
    return {
        "units": str(units),
        "text": money.text(units, currency),
        "short": money.short(units, currency),
    }


def _safe_url(url: Any) -> str:
    text = str(url or "")
    return text if text.startswith(("https://", "http://")) else ""
