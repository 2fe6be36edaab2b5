"""The page a player sees in the casino's frame, and the few calls it makes."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.games.providers.softswiss.simulator import aggregator, art, catalogue, machines, money
from apps.integrations.simulation import Json, Refused, control, page

STAKE_START = 3  # which of the offered stakes a game opens with


def game_page(request: HttpRequest, session_id: str) -> HttpResponse:
    try:
        opened = aggregator.session(session_id)
    except Refused:
        gone: Json = {"title": "This game session does not exist"}
        return page(request, "softswiss/gone.html", gone, framed=True, status=404)
    game = aggregator.game_of(opened)
    context: Json = {
        "game": game,
        "engine": machines.engine(game),
        "opened": opened,
        "ink": art.ink_number(game),
        "backdrop": art.backdrop(game),
        "drawings": art.drawings(game),
    }
    return page(request, "softswiss/game.html", context, framed=True)


def inks(_request: HttpRequest) -> HttpResponse:
    response = HttpResponse(art.style_sheet(), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "max-age=3600"
    return response


@control
def state(_data: Json, session_id: str) -> Json:
    """Everything the page needs to draw itself; asks the casino for the balance."""
    seen = aggregator.refresh_balance(session_id)
    opened = aggregator.session(session_id)
    game = aggregator.game_of(opened)
    currency = opened["currency"]
    offered = money.stakes(currency)
    urls = opened["launch"].get("urls")
    urls = urls if isinstance(urls, dict) else {}
    return {
        "title": game.title,
        "engine": machines.engine(game),
        "currency": currency,
        "decimals": money.decimals(currency),
        "demo": opened["demo"],
        "balance": _amount(seen.balance_units, currency),
        "refusal": seen.refusal,
        "stakes": [_amount(units, currency) for units in offered],
        "stake_index": min(STAKE_START, len(offered) - 1),
        "machine": _machine(game),
        "freespins": _freespins(opened),
        "return_url": _safe_url(urls.get("return_url")),
        "deposit_url": _safe_url(urls.get("deposit_url")),
    }


@control
def spin(data: Json, session_id: str) -> Json:
    """Play one round with the stake and the choice the page sends."""
    opened = aggregator.session(session_id)
    currency = opened["currency"]
    stake_units = _stake_units(data.get("stake", "0"), currency)
    choice = data.get("choice", {})
    if not isinstance(choice, dict):
        raise Refused("The choice is an object.")
    played = aggregator.play_round(session_id, stake_units, choice)
    result: Json = {
        "balance": _amount(played.balance_units, currency),
        "refusal": played.refusal,
        "note": played.note,
        "freespins": _freespins(opened),
    }
    if played.outcome is not None:
        result |= {
            "stake": _amount(played.outcome.stake_units, currency),
            "win": _amount(played.outcome.win_units, currency),
            "show": _show(played.outcome.show, currency),
        }
    return result


def _stake_units(stake: Any, currency: str) -> int:
    if not isinstance(stake, str) or not stake.isdigit():
        raise Refused("The stake is a string of whole subunits.")
    units = int(stake)
    highest = money.stakes(currency)[-1]
    if units > highest:
        raise Refused(f"The highest stake is {money.text(highest, currency)} {currency}.")
    return units


def _amount(units: int | None, currency: str) -> Json | None:
    """Subunits as text, because they can be larger than a number in JavaScript."""
    if units is None:
        return None
    return {"units": str(units), "text": money.text(units, currency)}


def _show(show: Json, currency: str) -> Json:
    """The outcome for the page, its amounts turned into text."""
    if "screens" not in show:
        return show
    return {
        "screens": [
            {name: value for name, value in screen.items() if name != "win_units"}
            | {"win": _amount(screen["win_units"], currency)}
            for screen in show["screens"]
        ]
    }


def _machine(game: catalogue.Game) -> Json:
    payout = f"{game.payout_bps / 100:.2f}"
    kind = machines.engine(game)
    if kind == "slot":
        machine = machines.slot(game)
        return {
            "payout": payout,
            "reels": machine.reels,
            "rows": machine.rows,
            "lines": len(machine.lines),
            "divisor": machine.divisor,
            "pays": dict(zip(machines.SYMBOLS, machine.pays, strict=True)),
            "free_spins": machine.free_spins,
            "symbols": [*machines.SYMBOLS, machines.WILD]
            + ([machines.SCATTER] if machine.free_spins else []),
            "drawings": machines.symbols_shown(game),
        }
    if kind == "cards":
        return {"payout": payout, "pays_bps": machines.card_pays_bps(game)}
    if kind == "scratch":
        prizes = [*machines.PRIZES, machines.PRIZE_FILLING]
        drawings = machines.symbols_shown(game)
        return {
            "payout": payout,
            "prizes": [
                {"times": times, "symbol": machines.PRIZE_SYMBOLS[times]}
                for times in sorted(prizes, reverse=True)
            ],
            "drawings": drawings,
        }
    if kind == "climb":
        return {
            "payout": payout,
            "target_cents_min": machines.TARGET_CENTS_MIN,
            "target_cents_max": machines.TARGET_CENTS_MAX,
            "payout_bps": game.payout_bps,
        }
    return {"payout": payout, "red": sorted(machines.RED)}


def _freespins(opened: Json) -> Json | None:
    issue = None if opened["demo"] else aggregator.active_freespins(opened)
    if issue is None:
        return None
    stake_units = aggregator.freespin_stake_units(issue, opened["currency"])
    return {
        "left": issue["quantity"] - issue["played"],
        "stake": _amount(stake_units, opened["currency"]),
        "won": _amount(issue["total_units"], opened["currency"]),
    }


def _safe_url(url: Any) -> str:
    text = str(url or "")
    return text if text.startswith(("https://", "http://")) else ""
