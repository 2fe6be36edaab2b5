"""What a tester sees of the aggregator, and presses: sessions, calls, faults, hand-made calls."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.games.providers.softswiss.simulator import aggregator, catalogue, money
from apps.games.providers.softswiss.simulator.aggregator import (
    Action,
    book,
    courier,
    new_id,
    switchboard,
)
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

CALLS_SHOWN = 100
SPINS_MAX = 500
PROMO_EVENTS = ("Tournament", "Prize Drop", "Promo")
FREESPIN_STATES = ("active", "played", "finished", "expired", "canceled")


# ---- pages -------------------------------------------------------------------------------------


def sessions_page(request: HttpRequest) -> HttpResponse:
    listed = [_session_row(document) for document in book.find("sessions", limit=CALLS_SHOWN)]
    issues = [document.body for document in book.find("freespins", limit=20)]
    context: Json = {
        "sessions": listed,
        "issues": issues,
        "options": aggregator.options(),
    } | _frame()
    return page(request, "softswiss/sessions.html", context)


def session_page(request: HttpRequest, session_id: str) -> HttpResponse:
    try:
        opened = aggregator.session(session_id)
    except Refused:
        gone: Json = {"title": "There is no such session"}
        return page(request, "softswiss/gone.html", gone, status=404)
    currency = opened["currency"]
    actions = [
        document.body
        | {"action_id": document.key, "amount": money.text(document.body["units"], currency)}
        for document in book.find("actions", {"session_id": session_id}, limit=CALLS_SHOWN)
    ]
    calls = book.find("callbacks", {"reference": session_id}, limit=CALLS_SHOWN)
    context: Json = {
        "opened": opened,
        "game": aggregator.game_of(opened),
        "balance": _balance_text(opened),
        "actions": actions,
        "calls": [call_row(document) for document in calls],
    }
    return page(request, "softswiss/session.html", context | _frame())


def calls_page(request: HttpRequest) -> HttpResponse:
    calls = [call_row(document) for document in book.find("callbacks", limit=CALLS_SHOWN)]
    return page(request, "softswiss/calls.html", {"calls": calls} | _frame())


def games_page(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip().lower()
    listed = [
        {"game": game, "payout": f"{game.payout_bps / 100:.2f}"}
        for game in catalogue.games().values()
        if query in f"{game.title} {game.producer} {game.category} {game.identifier}".lower()
    ]
    context: Json = {"games": listed[:CALLS_SHOWN], "count": len(listed), "query": query}
    return page(request, "softswiss/games.html", context | _frame())


def _frame() -> Json:
    switches = switchboard.current()
    return {
        "vendor": "SOFTSWISS",
        "vendor_path": "softswiss",
        "switches": switches,
        "switches_on": not switches.is_quiet,
        "callback_url": casino_callback_url(book, aggregator.PARTNER),
    }


def _session_row(document: Document) -> Json:
    opened = document.body
    game = catalogue.game(opened["game"])
    return opened | {
        "title": game.title if game else opened["game"],
        "balance_text": _balance_text(opened),
        "at": document.created_at,
    }


def _balance_text(opened: Json) -> str:
    units = opened["balance_units"]
    return "" if units is None else f"{money.text(units, opened['currency'])} {opened['currency']}"


# ---- controls ----------------------------------------------------------------------------------

switches = control(set_switches(switchboard))
callback_url = control(set_callback_url(book))


@control
def options(data: Json) -> Json:
    """Set `launch_shape`: `game_url`, or `two_urls` for the form with desktop and mobile."""
    shape = str(data.get("launch_shape", ""))
    if set(data) != {"launch_shape"} or shape not in aggregator.LAUNCH_SHAPES:
        raise Refused(f"launch_shape is one of {', '.join(aggregator.LAUNCH_SHAPES)}.")
    book.put("settings", "options", {"launch_shape": shape})
    return {"said": "The options are set.", "options": aggregator.options()}


@control
def reset(_data: Json) -> Json:
    book.clear()
    return {"said": "The aggregator forgot everything."}


@control
def totals(_data: Json) -> Json:
    """What the aggregator believes it bet, won and rolled back, by player and currency.

    Counts what the casino answered 200 to. A rollback counts once per action, and only when that
    action counts too: the player lost bet less win less rollback, whatever answers got lost.
    """
    accepted = {
        document.key: document.body
        for document in book.find("actions", {"status": 200}, limit=1_000_000)
    }
    rolled_back = {body["original_id"] for body in accepted.values() if body["kind"] == "rollback"}
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for action_id, body in accepted.items():
        if body["kind"] == "rollback":
            continue
        row = sums.setdefault(
            (body["player_id"], body["currency"]), {"bet": 0, "win": 0, "rollback": 0}
        )
        row[body["kind"]] += body["units"]
        if action_id in rolled_back:
            row["rollback"] += body["units"] if body["kind"] == "bet" else -body["units"]
    return {
        "totals": [
            {"player_id": player_id, "currency": currency} | row
            for (player_id, currency), row in sorted(sums.items())
        ]
    }


@control
def demo_session(data: Json) -> Json:
    """Open a game for fun money from the games page."""
    game = catalogue.game(str(data.get("game", "")))
    if game is None:
        raise Refused("There is no such game.", 404)
    opened = aggregator.open_session(
        generation="v1", game=game, currency="", player_id="", balance_units=None, launch={}
    )
    path = f"/softswiss/game/{opened['session_id']}/"
    return {"go": path, "path": path, "session_id": opened["session_id"]}


@control
def spins(data: Json, session_id: str) -> Json:
    """Play rounds as the page does: `stake` in major units, `count`, `choice`."""
    opened = aggregator.session(session_id)
    currency = opened["currency"]
    stake_units = _units(data.get("stake"), currency) if data.get("stake") else 0
    stake_units = stake_units or money.stakes(currency)[0]
    count = whole(data.get("count", 1), "count", SPINS_MAX)
    rounds = []
    for _ in range(count):
        played = aggregator.play_round(session_id, stake_units, data.get("choice") or {})
        outcome = played.outcome
        balance_units = played.balance_units
        rounds.append(
            {
                "stake": money.text(outcome.stake_units, currency) if outcome else None,
                "win": money.text(outcome.win_units, currency) if outcome else None,
                "balance": None if balance_units is None else money.text(balance_units, currency),
                "refusal": played.refusal,
                "note": played.note,
            }
        )
        if played.refusal:
            break
    last = rounds[-1]
    said = last["refusal"] or f"{len(rounds)} played, balance {last['balance']} {currency}."
    return {"said": said, "rounds": rounds}


@control
def send(data: Json, session_id: str) -> Json:
    """Make one call by hand.

    kind: bet, win, rollback or balance; or `actions`: a list of {kind, amount | units,
    action_id, original_id}. `round_id`, `finished`, and `changes`: members of the request to
    replace, for what no game would send.
    """
    opened = aggregator.session(session_id)
    if opened["demo"]:
        raise Refused("A demo session has no casino behind it.")
    listed = data.get("actions")
    if listed is None:
        kind = str(data.get("kind", "balance"))
        listed = [] if kind == "balance" else [data | {"kind": kind}]
    if not isinstance(listed, list):
        raise Refused("actions is a list.")
    actions = [_action(entry, opened["currency"]) for entry in listed]
    round_id = str(data.get("round_id") or (new_id("r") if actions else ""))
    answer = aggregator.call(
        opened,
        actions,
        round_id=round_id,
        finished=_maybe_bool(data.get("finished")),
        changes=json_object(data.get("changes")),
    )
    return answered(answer) | {
        "round_id": round_id,
        "action_ids": [action.action_id for action in actions],
    }


@control
def roll_back(data: Json, action_id: str) -> Json:
    """Roll a known action back, with a new id each time unless `action_id` says otherwise."""
    original = book.get("actions", action_id)
    if original is None:
        raise Refused("There is no such action.", 404)
    opened = aggregator.session(original["session_id"])
    rollback = Action("rollback", str(data.get("action_id") or new_id("a")), original_id=action_id)
    answer = aggregator.call(opened, [rollback], round_id=original["round_id"], finished=True)
    return answered(answer) | {"action_ids": [rollback.action_id]}


@control
def roll_back_first(data: Json, session_id: str) -> Json:
    """Send a rollback, and only then the bet it is about."""
    opened = aggregator.session(session_id)
    units = _units(data.get("amount"), opened["currency"])
    bet = Action("bet", new_id("a"), units)
    rollback = Action("rollback", new_id("a"), original_id=bet.action_id)
    round_id = new_id("r")
    first = aggregator.call(opened, [rollback], round_id=round_id, finished=True)
    second = aggregator.call(opened, [bet], round_id=round_id, finished=False)
    return {
        "said": f"Rollback answered {first.status}, the bet after it {second.status}.",
        "rollback": answered(first),
        "bet": answered(second),
        "round_id": round_id,
        "action_ids": [rollback.action_id, bet.action_id],
    }


@control
def promo(data: Json, session_id: str) -> Json:
    """Pay a prize to the player of a v2 session: `amount`, `event_id`, `event_type`."""
    opened = aggregator.session(session_id)
    if opened["generation"] != "v2" or opened["demo"]:
        raise Refused("Only a real session of v2 has prizes.")
    event_type = str(data.get("event_type") or PROMO_EVENTS[0])
    if event_type not in PROMO_EVENTS:
        raise Refused(f"event_type is one of {', '.join(PROMO_EVENTS)}.")
    call_key = aggregator.post_promo(
        opened,
        units=_units(data.get("amount"), opened["currency"]),
        event_id=str(data.get("event_id") or new_id("e")),
        event_type=event_type,
    )
    return {"said": "The prize is on its way.", "call": call_key}


@control
def freespins_report(data: Json, issue_id: str) -> Json:
    """Report a free-spin issue: `status` and, when played, `total` in major units."""
    status = str(data.get("status", "played"))
    if status not in FREESPIN_STATES:
        raise Refused(f"status is one of {', '.join(FREESPIN_STATES)}.")
    try:
        with book.locked("freespins", issue_id) as issue:
            issue["status"] = status
            if data.get("total") not in (None, ""):
                issue["total_units"] = _units(data["total"], issue["currency"])
    except KeyError:
        raise Refused("There is no such issue.", 404) from None
    key = aggregator.post_freespins(issue_id)
    return {"said": f"The issue is reported as {status}.", "call": key}


@control
def kept_call(_data: Json, call_key: str) -> Json:
    kept = book.get("callbacks", call_key)
    if kept is None:
        raise Refused("There is no such call.", 404)
    return kept


@control
def sessions_of(data: Json) -> Json:
    """Sessions, newest first, that contain `match`."""
    found = book.find("sessions", json_object(data.get("match")), limit=CALLS_SHOWN)
    return {"sessions": [document.body for document in found]}


@control
def actions_of(data: Json) -> Json:
    """Actions, newest first, that contain `match`."""
    found = book.find("actions", json_object(data.get("match")), limit=10_000)
    return {"actions": [document.body | {"action_id": document.key} for document in found]}


def _action(entry: Any, currency: str) -> Action:
    if not isinstance(entry, dict) or entry.get("kind") not in {"bet", "win", "rollback"}:
        raise Refused("An action's kind is bet, win or rollback.")
    units = 0
    if entry["kind"] != "rollback":
        units = int(entry["units"]) if "units" in entry else _units(entry.get("amount"), currency)
    return Action(
        entry["kind"],
        str(entry.get("action_id") or new_id("a")),
        units,
        str(entry.get("original_id", "")),
        json_object(entry.get("extra")) or None,
    )


def _units(amount: Any, currency: str) -> int:
    text = str(amount or "").strip().replace(",", ".")
    if not money.V2_AMOUNT.fullmatch(text):
        raise Refused("The amount is a number such as 0.5.")
    return money.units(text, currency)


def _maybe_bool(value: Any) -> bool | None:
    if value in (None, ""):
        return None
    return value if isinstance(value, bool) else str(value).lower() in {"1", "true", "on"}


repeat = control(repeat_call(courier))
calls_of = control(find_calls(book))
switch_state = control(show_switches(switchboard))
