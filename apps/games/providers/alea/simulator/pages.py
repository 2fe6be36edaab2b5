"""What a tester sees of Alea, and presses: plays, tables, calls, faults, calls made by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.games.providers.alea.simulator import catalogue, dealing, money, tables, vendor
from apps.games.providers.alea.simulator.vendor import book, courier, new_id, switchboard
from apps.integrations.simulation import (
    Document,
    Json,
    Refused,
    answered,
    call_row,
    casino_callback_url,
    control,
    find_calls,
    json_object,
    page,
    repeat_call,
    set_callback_url,
    set_switches,
    show_switches,
    whole,
)

SHOWN = 100
ROUNDS_MAX = 500
KINDS = ("BET", "WIN", "BET_WIN", "ROLLBACK", "END_ROUND")


# ---- pages -------------------------------------------------------------------------------------


def plays_page(request: HttpRequest) -> HttpResponse:
    plays = [_play_row(document) for document in book.find("plays", limit=SHOWN)]
    context: Json = {
        "plays": plays,
        "totals": [_in_major(row) for row in vendor.totals()],
        "bonuses": [one.body for one in book.find("bonuses", limit=20)],
    }
    return page(request, "alea/plays.html", context | _frame())


def tables_page(request: HttpRequest) -> HttpResponse:
    at = datetime.now(UTC)
    rows = []
    for game in catalogue.games().values():
        if not game.is_live:
            continue
        round_ = tables.current(game, at)
        rows.append(
            {
                "game": game,
                "round": round_,
                "says": tables.SAYINGS[round_.phase],
                "players": len(tables.at_table(game, at)),
                "last": tables.history(game, round_)[:5],
            }
        )
    return page(request, "alea/tables.html", {"tables": rows, "clock": tables.clock()} | _frame())


def play_page(request: HttpRequest, play_id: str) -> HttpResponse:
    try:
        play = vendor.play_of(play_id)
    except Refused:
        gone: Json = {"title": "There is no such session"}
        return page(request, "alea/gone.html", gone, status=404)
    found = book.find("transactions", {"play_id": play_id}, limit=SHOWN)
    context: Json = {
        "play": play,
        "game": vendor.game_of(play),
        "balance": _balance_text(play),
        "kinds": KINDS,
        "promos": sorted(vendor.PROMO_OBJECTS),
        "transactions": [_transaction_row(one) for one in found],
        "calls": [call_row(one) for one in book.find("callbacks", {"reference": play_id})],
    }
    return page(request, "alea/play.html", context | _frame())


def calls_page(request: HttpRequest) -> HttpResponse:
    calls = [call_row(document) for document in book.find("callbacks", limit=SHOWN)]
    return page(request, "alea/calls.html", {"calls": calls} | _frame())


def games_page(request: HttpRequest) -> HttpResponse:
    return page(request, "alea/games.html", {"games": list(catalogue.games().values())} | _frame())


def _frame() -> Json:
    switches = switchboard.current()
    return {
        "vendor": "Alea",
        "vendor_path": "alea",
        "switches": switches,
        "switches_on": not switches.is_quiet,
        "callback_url": casino_callback_url(book, vendor.PARTNER),
    }


def _play_row(document: Document) -> Json:
    play = document.body
    return play | {
        "title": vendor.game_of(play).name,
        "balance_text": _balance_text(play),
        "at": document.created_at,
    }


def _balance_text(play: Json) -> str:
    units = play["balance_units"]
    return "" if units is None else f"{money.text(units, play['currency'])} {play['currency']}"


def _transaction_row(document: Document) -> Json:
    body = document.body
    return body | {
        "bet": money.text(body["bet_units"], body["currency"]) if body["bet_units"] else "",
        "win": money.text(body["win_units"], body["currency"]) if body["win_units"] else "",
    }


def _in_major(row: Json) -> Json:
    names = ("bet", "win", "rollback", "promo")
    return row | {name: money.text(row[name], row["currency"]) for name in names}


# ---- controls ----------------------------------------------------------------------------------

switches = control(set_switches(switchboard))
callback_url = control(set_callback_url(book))


@control
def reset(_data: Json) -> Json:
    book.clear()
    return {"said": "Alea forgot everything."}


@control
def clock(data: Json) -> Json:
    """Set how many seconds a round's phases take: betting, closed, result."""
    if set(data) - set(tables.CLOCK):
        raise Refused(f"The phases are {', '.join(tables.CLOCK)}.")
    seconds = {}
    for name, value in data.items():
        try:
            seconds[name] = float(str(value))
        except ValueError:
            raise Refused(f"{name} is a number of seconds.") from None
        if not 0.2 <= seconds[name] <= 600:
            raise Refused(f"{name} is between 0.2 and 600 seconds.")
    return {"said": "All tables begin a new round.", "clock": tables.set_clock(seconds)}


@control
def hurry(_data: Json) -> Json:
    """End the phase that runs now at all tables."""
    return {"said": "The next phase begins.", "clock": tables.hurry()}


@control
def totals(_data: Json) -> Json:
    """What Alea believes it bet, won and rolled back, by player and currency, in major units."""
    return {"totals": [_in_major(row) for row in vendor.totals()]}


@control
def demo(data: Json) -> Json:
    """Open a table game for fun money."""
    game = catalogue.game(str(data.get("game", "")))
    if game is None or game.is_live:
        raise Refused("There is no such table game.", 404)
    play = vendor.open_play(game, {"casinoSessionId": f"demo-{new_id()}", "gameMode": "DEMO"})
    path = f"/alea/table/{play['play_id']}/"
    return {"go": path, "path": path, "play_id": play["play_id"]}


@control
def place(data: Json, play_id: str) -> Json:
    """Put `amount` on `spot` at a live table, as the page does."""
    play = vendor.play_of(play_id)
    units = _units(data.get("amount"), play["currency"])
    said = tables.place(play, str(data.get("spot", "")), units)
    round_ = tables.current(vendor.game_of(play), datetime.now(UTC))
    words = said["refusal"] or "The chip is on the table."
    return {"said": words, "refusal": said["refusal"], "round_id": round_.id}


@control
def undo(_data: Json, play_id: str) -> Json:
    said = tables.undo(vendor.play_of(play_id))
    return {"said": said["refusal"] or "The chip is taken back.", "refusal": said["refusal"]}


@control
def deal(data: Json, play_id: str) -> Json:
    """Play `count` rounds of a table game with `amount` on `spot` (the main one)."""
    play = vendor.play_of(play_id)
    game = vendor.game_of(play)
    currency = play["currency"]
    least = game.limits(currency)[0]
    units = _units(data["amount"], currency) if data.get("amount") else least
    spot = str(data.get("spot") or game.engine.main)
    count = whole(data.get("count", 1), "count", ROUNDS_MAX)
    rounds: list[Json] = []
    for _ in range(count):
        dealt = dealing.deal(vendor.play_of(play_id), {spot: units})
        balance = vendor.play_of(play_id)["balance_units"]
        rounds.append(
            {
                "stake": money.text(dealt.staked_units, currency),
                "win": money.text(dealt.win_units, currency),
                "balance": None if balance is None else money.text(balance, currency),
                "refusal": dealt.refusal,
                "note": dealt.note,
            }
        )
        if dealt.refusal:
            break
    last = rounds[-1]
    said = last["refusal"] or f"{len(rounds)} played, balance {last['balance']} {currency}."
    return {"said": said, "rounds": rounds}


@control
def send(data: Json, play_id: str) -> Json:
    """Send one transaction by hand, once.

    kind, amount (and `win` for BET_WIN), id, target, round_id, finished, and `changes`: members of
    the request to replace, for what no game would send.
    """
    play = vendor.play_of(play_id)
    if play["demo"]:
        raise Refused("A demo has no casino behind it.")
    kind = str(data.get("kind", ""))
    if kind not in KINDS:
        raise Refused(f"kind is one of {', '.join(KINDS)}.")
    key, round_id = str(data.get("id") or new_id()), str(data.get("round_id") or new_id())
    parts: Json = {}
    if kind in {"BET", "WIN"}:
        parts["amount"] = _units(data.get("amount"), play["currency"])
    if kind == "BET_WIN":
        parts["bet"] = _units(data.get("amount"), play["currency"])
        parts["win"] = _units(data.get("win") or "0", play["currency"])
    if kind == "ROLLBACK":
        parts["target"] = str(data.get("target", ""))
    is_last = kind == "END_ROUND" or str(data.get("finished", "")).lower() in {"1", "true", "on"}
    sent = vendor.document(play, kind, key=key, round_id=round_id, ends=is_last, **parts)
    answer = vendor.ask(play, sent | json_object(data.get("changes"))).answer
    return answered(answer) | {"id": key, "round_id": round_id}


@control
def balance(_data: Json, play_id: str) -> Json:
    refusal = vendor.ask_balance(vendor.play_of(play_id))
    shown = _balance_text(vendor.play_of(play_id))
    return {"said": refusal or f"The casino says {shown}.", "refusal": refusal, "balance": shown}


@control
def roll_back(data: Json, key: str) -> Json:
    """Roll a known transaction back, with a new id each time unless `id` says otherwise."""
    original = book.get("transactions", key)
    if original is None:
        raise Refused("There is no such transaction.", 404)
    play = vendor.play_of(original["play_id"])
    rollback_id = str(data.get("id") or new_id())
    sent = vendor.document(
        play, "ROLLBACK", key=rollback_id, round_id=original["round_id"], target=original["id"]
    )
    return answered(vendor.ask(play, sent).answer) | {"id": rollback_id}


@control
def roll_back_first(data: Json, play_id: str) -> Json:
    """Send a rollback, and only then the bet it is about."""
    play = vendor.play_of(play_id)
    bet_id, round_id = new_id(), new_id()
    bet = vendor.document(
        play,
        "BET",
        key=bet_id,
        round_id=round_id,
        amount=_units(data.get("amount"), play["currency"]),
    )
    rollback = vendor.document(play, "ROLLBACK", key=new_id(), round_id=round_id, target=bet_id)
    first, second = vendor.ask(play, rollback).answer, vendor.ask(play, bet).answer
    return {
        "said": f"Rollback answered {first.status}, the bet after it {second.status}.",
        "rollback": answered(first),
        "bet": answered(second),
    }


@control
def promo(data: Json, play_id: str) -> Json:
    """Pay a prize to the player of a session: `amount`, `kind`, `bonus_id`, `id`."""
    play = vendor.play_of(play_id)
    kind = str(data.get("kind") or "PRIZE")
    if play["demo"] or kind not in vendor.PROMO_OBJECTS:
        raise Refused(f"kind is one of {', '.join(sorted(vendor.PROMO_OBJECTS))}.")
    key = vendor.post_promo(
        play,
        units=_units(data.get("amount"), play["currency"]),
        kind=kind,
        bonus_id=str(data.get("bonus_id", "")),
        key=str(data.get("id", "")),
    )
    return {"said": "The prize is on its way.", "call": key}


@control
def plays_of(data: Json) -> Json:
    """Sessions, newest first, that contain `match`."""
    found = book.find("plays", json_object(data.get("match")), limit=SHOWN)
    return {"plays": [document.body for document in found]}


@control
def hands_of(data: Json) -> Json:
    found = book.find("hands", json_object(data.get("match")), limit=1000)
    return {"hands": [document.body | {"key": document.key} for document in found]}


@control
def transactions_of(data: Json) -> Json:
    """Transactions, newest first, that contain `match`."""
    found = book.find("transactions", json_object(data.get("match")), limit=10_000)
    return {"transactions": [document.body for document in found]}


def _units(amount: Any, currency: str) -> int:
    text = str(amount or "0").strip().replace(",", ".")
    if not money.AMOUNT.fullmatch(text):
        raise Refused("The amount is a number such as 0.5.")
    return money.units(Decimal(text), currency)


repeat = control(repeat_call(courier))
calls_of = control(find_calls(book))
switch_state = control(show_switches(switchboard))
