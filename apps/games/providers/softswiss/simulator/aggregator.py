"""The aggregator's own side of play: sessions, rounds, and its signed calls to the casino.

What it does when a call fails is not published for this leg (protocol document, section 10). Ours:
a 4xx is final; a bet without an answer is asked once more with the same ids and then rolled back;
wins, rollbacks and freespins results are sent again until the casino answers 200.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from apps.games.providers.softswiss.simulator import catalogue, machines, money
from apps.integrations.simulation import (
    Answer,
    Book,
    Courier,
    Json,
    Refused,
    Switchboard,
    casino_callback_url,
)

PARTNER = "softswiss"
SIGN_HEADER = "X-REQUEST-SIGN"
RETRY_MINUTES = (0.1, 0.25, 0.5, 1, 5, 15, 30, 60, 60, 120, 240, 480, 720, 720)
ROUND_SECONDS_MAX = 45  # a round that died with its server frees the session after this
OPTIONS = {"launch_shape": "game_url"}
LAUNCH_SHAPES = ("game_url", "two_urls")
MESSAGES = {
    100: "Not enough funds for this bet.",
    101: "The casino does not know this player.",
    105: "Your own bet limit is reached.",
    106: "The bet is above the maximum.",
    107: "This game is not available to you.",
    110: "Your account cannot play at the moment.",
    153: "This game is not available in your country.",
    154: "This currency cannot be played here.",
    400: "The casino did not understand the request.",
    403: "The casino refused the request.",
    404: "The casino did not find the request's address.",
    409: "This action was already used for something else.",
}


def sign(body: bytes) -> str:
    """Lower-case hex HMAC-SHA256 of the exact bytes (protocol document, section 2)."""
    return hmac.new(settings.SOFTSWISS_AUTH_TOKEN.encode(), body, hashlib.sha256).hexdigest()


def _heard(call: Json, answer: Answer) -> None:
    """A posted call was answered at last: note it beside its actions. A 200 is never unsaid."""
    document = json.loads(call["body"])
    for sent in document.get("actions") or document.get("transactions") or []:
        with book.locked("actions", sent.get("action_id") or sent["id"]) as action:
            if action["status"] != 200:
                action |= {"status": answer.status, "note": answer.note}
                action["balance"] = answer.json.get("balance")


book = Book(PARTNER)
switchboard = Switchboard(book)
courier = Courier(
    book,
    switchboard,
    sign=lambda body: {SIGN_HEADER: sign(body)},
    retry_minutes=RETRY_MINUTES,
    heard=_heard,
)


@dataclass(frozen=True)
class Action:
    """One movement of a round. `original_id` is set for rollbacks only."""

    kind: str
    action_id: str
    units: int = 0
    original_id: str = ""
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Played:
    """What the page is told about a round."""

    outcome: machines.Outcome | None
    balance_units: int | None
    refusal: str = ""
    note: str = ""


def encode(document: Json) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def new_id(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(10)}"


def options() -> Json:
    return OPTIONS | (book.get("settings", "options") or {})


# ---- sessions ----------------------------------------------------------------------------------


def open_session(
    *,
    generation: str,
    game: catalogue.Game,
    currency: str,
    player_id: str,
    balance_units: int | None,
    launch: Json,
) -> Json:
    """Note a launch. Demo sessions have no player and play for fun money."""
    session_id = secrets.token_hex(16)
    session: Json = {
        "session_id": session_id,
        "generation": generation,
        "game": game.identifier,
        "currency": currency,
        "player_id": player_id,
        "demo": not player_id,
        "balance_units": balance_units,
        "rounds": 0,
        "busy_until": "",
        "opened_at": datetime.now(UTC).isoformat(),
        "launch": launch,
    }
    if session["demo"]:
        session["balance_units"] = money.units("1000", money.FUN)
        session["currency"] = money.FUN
    book.insert("sessions", session_id, session)
    return session


def session(session_id: str) -> Json:
    """Raises Refused (404) for an unknown one."""
    found = book.get("sessions", session_id)
    if found is None:
        raise Refused("There is no such session.", 404)
    return found


def game_of(opened: Json) -> catalogue.Game:
    game = catalogue.game(opened["game"])
    if game is None:
        raise Refused("The session's game left the catalogue.", 404)
    return game


# ---- rounds ------------------------------------------------------------------------------------


def refresh_balance(session_id: str) -> Played:
    """Ask the casino for the balance, as a game does when it is opened."""
    opened = session(session_id)
    if opened["demo"]:
        return Played(None, opened["balance_units"])
    answer = call(opened, [], round_id="")
    return _seen(opened, answer)


def play_round(session_id: str, stake_units: int, choice: Json) -> Played:
    """Take one bet, decide it and settle it with the casino."""
    opened = session(session_id)
    game = game_of(opened)
    try:
        outcome = machines.play(game, stake_units, choice)
    except machines.BadChoice as bad:
        raise Refused(str(bad)) from None
    if outcome.stake_units <= 0:
        raise Refused("The bet is more than nothing.")
    _begin(session_id)
    try:
        if opened["demo"]:
            return _play_for_fun(opened, outcome)
        if issue := active_freespins(opened):
            return _play_freespin(opened, issue)
        return _play_for_money(opened, game, outcome)
    finally:
        with book.locked("sessions", session_id) as kept:
            kept["busy_until"] = ""


def _begin(session_id: str) -> None:
    """One round at a time per session, however often the button is pressed."""
    now = datetime.now(UTC)
    with book.locked("sessions", session_id) as kept:
        if kept["busy_until"] > now.isoformat():
            raise Refused("The last round is still running.", 409)
        kept["busy_until"] = (now + timedelta(seconds=ROUND_SECONDS_MAX)).isoformat()
        kept["rounds"] += 1


def _play_for_fun(opened: Json, outcome: machines.Outcome) -> Played:
    with book.locked("sessions", opened["session_id"]) as kept:
        if kept["balance_units"] < outcome.stake_units:
            return Played(None, kept["balance_units"], refusal=MESSAGES[100])
        kept["balance_units"] += outcome.win_units - outcome.stake_units
        return Played(outcome, kept["balance_units"])


def _play_for_money(opened: Json, game: catalogue.Game, outcome: machines.Outcome) -> Played:
    round_id = new_id("r")
    extra = _jackpot_share(opened, game, outcome.stake_units)
    bet = Action("bet", new_id("a"), outcome.stake_units, extra=extra)
    wins = [
        Action("win", new_id("a"), units) for units in outcome.wins if units or game.sends_zero_wins
    ]
    if game.is_apart or len(outcome.wins) > 1:
        return _settle_apart(opened, outcome, round_id, bet, wins)
    return _settle_together(opened, outcome, round_id, [bet, *wins])


def _settle_together(
    opened: Json, outcome: machines.Outcome, round_id: str, actions: list[Action]
) -> Played:
    answer = _insist(opened, actions, round_id=round_id, finished=True)
    if _is_good(opened, answer, actions, round_id):
        return _seen(opened, answer, outcome)
    if _is_refusal(answer):
        return _refused(opened, answer)
    return _take_back(opened, actions, round_id)


def _settle_apart(
    opened: Json, outcome: machines.Outcome, round_id: str, bet: Action, wins: list[Action]
) -> Played:
    """The bet in one call; then each win in its own, the last of which closes the round."""
    if switchboard.current().callback_reorder and wins:
        # The first win overtakes its bet, as it may on a bad line.
        call(opened, wins[:1], round_id=round_id, finished=False)
    answer = _insist(opened, [bet], round_id=round_id, finished=False)
    if _is_refusal(answer):
        return _refused(opened, answer)
    if not _is_good(opened, answer, [bet], round_id):
        return _take_back(opened, [bet], round_id)
    note = ""
    if not wins:
        answer = _finish(opened, round_id)
    for index, win in enumerate(wins):
        is_last = index == len(wins) - 1
        answer = _insist(opened, [win], round_id=round_id, finished=is_last)
        if answer.status != 200:
            post(opened, [win], round_id=round_id, finished=is_last)
            note = "Your win is on its way to the casino."
    seen = _seen(opened, answer, outcome)
    return Played(outcome, seen.balance_units, note=note)


def _finish(opened: Json, round_id: str) -> Answer:
    if opened["generation"] == "v1":
        return call(opened, [], round_id=round_id, finished=True)
    book.put("finished", round_id, {})
    body = encode(_envelope_v2(opened, round_id, finished=True))
    return courier.ask(
        kind="finish",
        url=f"{casino_callback_url(book, PARTNER)}/v2/a8r_casino.Round/Finish",
        body=body,
        reference=opened["session_id"],
    )


def _take_back(opened: Json, actions: list[Action], round_id: str) -> Played:
    """Nobody knows what became of the bet: roll it back until the casino says yes."""
    rollbacks = [
        Action("rollback", new_id("a"), original_id=action.action_id) for action in actions
    ]
    post(opened, rollbacks, round_id=round_id, finished=True)
    return Played(
        None,
        opened["balance_units"],
        refusal="The casino did not answer. The round is void and the bet returns.",
    )


def _jackpot_share(opened: Json, game: catalogue.Game, stake_units: int) -> Json | None:
    """One per cent goes to the studio's pot: a remark that moves no money."""
    if not game.has_jackpot:
        return None
    share_units = stake_units // 100
    if opened["generation"] == "v1":
        return {"jackpot_contribution": share_units}
    return {"jackpot_contribution": money.text(share_units, opened["currency"])}


# ---- calls to the casino -----------------------------------------------------------------------


def call(
    opened: Json,
    actions: Sequence[Action],
    *,
    round_id: str,
    finished: bool | None = None,
    changes: Json | None = None,
) -> Answer:
    """Send these actions once and note them with the answer.

    changes: members of the request to replace, for a test that sends what no game would.
    """
    url, body, kind = _request(opened, actions, round_id, finished, changes or {})
    answer = courier.ask(kind=kind, url=url, body=body, reference=opened["session_id"])
    _note(opened, actions, round_id, answer, finished)
    return answer


def post(
    opened: Json, actions: Sequence[Action], *, round_id: str, finished: bool | None = None
) -> str:
    """Send these actions again and again until the casino says 200."""
    url, body, kind = _request(opened, actions, round_id, finished, {})
    _note(opened, actions, round_id, None, finished)
    return courier.post(kind=kind, url=url, body=body, reference=opened["session_id"])


def _insist(opened: Json, actions: Sequence[Action], *, round_id: str, finished: bool) -> Answer:
    """Call; without a usable answer once more at once, with the same ids."""
    answer = call(opened, actions, round_id=round_id, finished=finished)
    if answer.status is None or answer.status >= 500:
        answer = call(opened, actions, round_id=round_id, finished=finished)
    return answer


def _request(
    opened: Json,
    actions: Sequence[Action],
    round_id: str,
    finished: bool | None,
    changes: Json,
) -> tuple[str, bytes, str]:
    base = casino_callback_url(book, PARTNER)
    is_rollback = bool(actions) and all(action.kind == "rollback" for action in actions)
    if opened["generation"] == "v1":
        path = "/rollback" if is_rollback else "/play"
        document = _envelope_v1(opened, round_id, finished)
        if actions:
            document["actions"] = [_action_v1(action) for action in actions]
    else:
        path = _path_v2(actions, is_rollback=is_rollback)
        if actions:
            document = _envelope_v2(opened, round_id, finished=finished)
            document["transactions"] = [
                _transaction_v2(action, opened["currency"]) for action in actions
            ]
        else:
            document = {"player_id": opened["player_id"], "currency": opened["currency"]}
    kind = "+".join(action.kind for action in actions) or "balance"
    return base + path, encode(document | changes), kind


def _envelope_v1(opened: Json, round_id: str, finished: bool | None) -> Json:
    document: Json = {
        "user_id": opened["player_id"],
        "currency": opened["currency"],
        "game": opened["game"],
    }
    if round_id:
        document["game_id"] = round_id
    if finished is not None:
        document["finished"] = finished
    return document | {"session_id": opened["session_id"]}


def _action_v1(action: Action) -> Json:
    if action.kind == "rollback":
        return {
            "action": "rollback",
            "action_id": action.action_id,
            "original_action_id": action.original_id,
        }
    return {
        "action": action.kind,
        "action_id": action.action_id,
        "amount": action.units,
    } | dict(action.extra or {})


def _path_v2(actions: Sequence[Action], *, is_rollback: bool) -> str:
    method = "Player/Balance" if not actions else "Round/BetWin"
    return "/v2/a8r_casino." + ("Round/Rollback" if is_rollback else method)


def _envelope_v2(opened: Json, round_id: str, *, finished: bool | None) -> Json:
    document: Json = {
        "player_id": opened["player_id"],
        "currency": opened["currency"],
        "round_id": round_id,
        "game_id": opened["game"],
        "provider": opened["game"].partition(":")[0],
    }
    if payload := opened["launch"].get("session_payload"):
        document["session_payload"] = payload
    if finished is not None:
        document["finished"] = finished
    return document


def _transaction_v2(action: Action, currency: str) -> Json:
    if action.kind == "rollback":
        return {"id": action.action_id, "original_id": action.original_id, "type": "rollback"}
    return {
        "id": action.action_id,
        "type": action.kind,
        "amount": money.text(action.units, currency),
    } | dict(action.extra or {})


def _note(
    opened: Json,
    actions: Sequence[Action],
    round_id: str,
    answer: Answer | None,
    finished: bool | None,
) -> None:
    """Our side of the totals: what was sent, and what the casino last said about it."""
    if finished:
        book.put("finished", round_id, {})
    said: Json = {"status": None, "balance": None, "note": "waiting"}
    casino_ids: list[str] = []
    if answer is not None:
        body = answer.json
        said = {
            "status": answer.status,
            "balance": body.get("balance"),
            "note": answer.note or str(body.get("message") or body.get("msg") or ""),
        }
        listed = body.get("transactions")
        for entry in listed if isinstance(listed, list) else []:
            casino_ids.append(str(entry.get("tx_id") or entry.get("id_casino") or ""))
    for index, action in enumerate(actions):
        book.put(
            "actions",
            action.action_id,
            {
                "session_id": opened["session_id"],
                "round_id": round_id,
                "kind": action.kind,
                "units": action.units,
                "currency": opened["currency"],
                "player_id": opened["player_id"],
                "original_id": action.original_id,
                "casino_id": casino_ids[index] if index < len(casino_ids) else "",
                "at": datetime.now(UTC).isoformat(),
            }
            | said,
        )


# ---- reading answers ---------------------------------------------------------------------------


def _is_good(opened: Json, answer: Answer, actions: Sequence[Action], round_id: str) -> bool:
    """200 with our round, one entry per action in our order, and a balance in the right form."""
    if answer.status != 200:
        return False
    body = answer.json
    listed = body.get("transactions")
    if not isinstance(listed, list) or len(listed) != len(actions):
        return False
    name = "action_id" if opened["generation"] == "v1" else "id"
    in_order = all(
        entry.get(name) == action.action_id for entry, action in zip(listed, actions, strict=True)
    )
    right_round = opened["generation"] == "v2" or body.get("game_id") == round_id
    return in_order and right_round and _balance_units(opened, body) is not None


def _balance_units(opened: Json, body: Json) -> int | None:
    """A v1 balance is a whole number, a v2 balance a string; anything else is no balance."""
    balance = body.get("balance")
    if opened["generation"] == "v1":
        return balance if isinstance(balance, int) and not isinstance(balance, bool) else None
    if isinstance(balance, str) and money.V2_AMOUNT.fullmatch(balance):
        return money.units(balance, opened["currency"])
    return None


def _is_refusal(answer: Answer) -> bool:
    return answer.status is not None and 400 <= answer.status < 500


def _seen(opened: Json, answer: Answer, outcome: machines.Outcome | None = None) -> Played:
    """Keep the balance the casino named; its answers carry the only true one."""
    balance_units = _balance_units(opened, answer.json) if answer.status == 200 else None
    if balance_units is None:
        if _is_refusal(answer):
            return _refused(opened, answer)
        return Played(outcome, opened["balance_units"], refusal="The casino did not answer.")
    with book.locked("sessions", opened["session_id"]) as kept:
        kept["balance_units"] = balance_units
    return Played(outcome, balance_units)


def _refused(opened: Json, answer: Answer) -> Played:
    body = answer.json
    found = body.get("meta")
    meta: Json = found if isinstance(found, dict) else {}
    code = str(body.get("code") if opened["generation"] == "v1" else meta.get("api_code"))
    number = int(code) if code.isdigit() else 0
    refusal = MESSAGES.get(number, f"The casino refused the bet (code {code}).")
    balance_units = _balance_units(opened, body if opened["generation"] == "v1" else meta)
    if balance_units is None:
        return Played(None, opened["balance_units"], refusal=refusal)
    with book.locked("sessions", opened["session_id"]) as kept:
        kept["balance_units"] = balance_units
    return Played(None, balance_units, refusal=refusal)


# ---- promotions ----------------------------------------------------------------------------------


def post_promo(opened: Json, *, units: int, event_id: str, event_type: str) -> str:
    """Pay a prize of the aggregator's own: a tournament, a prize drop. Only v2 has them."""
    document = {
        "player_id": opened["player_id"],
        "currency": opened["currency"],
        "amount": money.text(units, opened["currency"]),
        "id": new_id("a"),
        "event_id": event_id,
        "event_type": event_type,
    }
    return courier.post(
        kind="promo",
        url=f"{casino_callback_url(book, PARTNER)}/v2/a8r_casino.Promo/Win",
        body=encode(document),
        reference=opened["session_id"],
    )


# ---- free spins --------------------------------------------------------------------------------


def active_freespins(opened: Json) -> Json | None:
    """The player's oldest issue that can be played in this session's game."""
    match = {"player_id": opened["player_id"], "currency": opened["currency"], "status": "active"}
    now = datetime.now(UTC).isoformat()
    usable = [
        document.body
        for document in book.find("freespins", match)
        if opened["game"] in document.body["games"] and document.body["valid_until"] > now
    ]
    return usable[-1] if usable else None


def freespin_stake_units(issue: Json, currency: str) -> int:
    if issue["bet_amount"]:
        return money.units(issue["bet_amount"], currency)
    offered = money.stakes(currency)
    level: int = min(issue["bet_level"], len(offered))
    return offered[level - 1]


def _play_freespin(opened: Json, issue: Json) -> Played:
    """A free spin costs nothing and pays when the last one is played, in one sum."""
    game = game_of(opened)
    stake_units = freespin_stake_units(issue, opened["currency"])
    outcome = machines.play(game, stake_units, {})
    with book.locked("freespins", issue["issue_id"]) as kept:
        kept["played"] += 1
        kept["total_units"] += outcome.win_units
        left = kept["quantity"] - kept["played"]
        total_units = kept["total_units"]
        if left <= 0:
            kept["status"] = "played"
    note = f"Free spin. {left} left, {money.text(total_units, opened['currency'])} won so far."
    if left <= 0:
        post_freespins(issue["issue_id"])
        note = f"Last free spin. {money.text(total_units, opened['currency'])} goes to your wallet."
    return Played(outcome, opened["balance_units"], note=note)


def post_freespins(issue_id: str) -> str:
    """Report an issue's state; played is the one that pays."""
    issue = book.get("freespins", issue_id)
    if issue is None:
        raise Refused("There is no such issue.", 404)
    base = casino_callback_url(book, PARTNER)
    if issue["generation"] == "v1":
        url = f"{base}/freespins"
        document: Json = {
            "issue_id": issue_id,
            "status": issue["status"],
            "total_amount": issue["total_units"],
        }
    else:
        url = f"{base}/v2/a8r_casino.Freespins/Finish"
        amount = money.text(issue["total_units"], issue["currency"])
        document = {"issue_id": issue_id, "amount": amount}
    return courier.post(kind="freespins", url=url, body=encode(document), reference=issue_id)


def expire_freespins() -> int:
    """Close issues whose time is over; what was won with them until then is paid."""
    due = book.take_due("freespins")
    for document in due:
        with book.locked("freespins", document.key) as kept:
            overdue = kept["status"] == "active"
            if overdue:
                kept["status"] = "played" if kept["played"] else "expired"
        book.schedule("freespins", document.key, None)
        if overdue:
            post_freespins(document.key)
    return len(due)
