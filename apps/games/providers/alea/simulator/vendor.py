"""Alea's own side of play: who sits where, and its digested calls to the casino.

What the vendor does when a call fails is not public (protocol notes, section 8). Ours: a 4xx is
final; a bet without an answer is asked once more with the same id and then rolled back; wins,
rollbacks, ends of rounds and prizes are sent again until the casino answers 200.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from django.conf import settings

from apps.games.providers.alea.simulator import catalogue, money
from apps.integrations.simulation import (
    Answer,
    Book,
    Courier,
    Json,
    Refused,
    Switchboard,
    casino_callback_url,
)

PARTNER = "alea"
HEADER = "Digest"
RETRY_MINUTES = (0.1, 0.25, 0.5, 1, 5, 15, 30, 60, 60, 120, 240, 480, 720, 720)
ANSWER_SECONDS = 10
WORDS = {
    "INSUFFICIENT_FUNDS": "Not enough money for this bet.",
    "SESSION_EXPIRED": "This game was opened elsewhere. Open it again.",
    "GAME_NOT_ALLOWED": "This game is not available to you.",
    "BET_DENIED": "The casino refused this bet.",
    "BET_MAX": "This is above your limit.",
    "PLAYER_BLOCKED": "Your account cannot play at the moment.",
    "INVALID_REQUEST": "The casino did not understand the request.",
    "DUPLICATE_TRANSACTION_DATA_MISMATCH": "This bet was sent before with other content.",
}
SILENT = "The casino did not answer. The bet is void and comes back."
PROMO_OBJECTS = {
    "FREE_SPIN": "freeSpin",
    "OPERATOR_FREE_SPIN": "operatorFreeSpin",
    "PRIZE": "prize",
    "CASHBACK": "cashback",
    "SPIN_GIFT": "spinGift",
    "TOURNAMENT": "tournament",
    "ALEA_JACKPOT": "aleaJackpot",
}


def digest(signed: bytes) -> str:
    """Plain SHA-512 of a text and the secret behind it, in hex (protocol notes, section 2)."""
    return f"SHA-512={hashlib.sha512(signed + settings.ALEA_SECRET.encode()).hexdigest()}"


def _heard(call: Json, answer: Answer) -> None:
    """A posted call was answered at last: note it. A 200 is never unsaid."""
    sent = json.loads(call["body"])
    key = f"{sent['type']}:{sent['id']}"
    body = parsed(answer)
    with book.locked("transactions", key) as kept:
        if kept["status"] != 200:
            kept |= _said(answer)
        play_id = kept["play_id"]
    if answer.status == 200 and play_id:
        remember_balance(play_id, body)


book = Book(PARTNER)
switchboard = Switchboard(book)
courier = Courier(
    book,
    switchboard,
    sign=lambda body: {HEADER: digest(body)},
    retry_minutes=RETRY_MINUTES,
    timeout_seconds=ANSWER_SECONDS,
    heard=_heard,
)


@dataclass(frozen=True)
class Sent:
    """What became of a call: the casino said yes, no, or nothing that could be read."""

    answer: Answer
    refusal: str = ""

    @property
    def is_good(self) -> bool:
        return self.answer.status == 200 and not self.refusal

    @property
    def is_refused(self) -> bool:
        return self.answer.status is not None and 400 <= self.answer.status < 500


def new_id() -> str:
    return str(secrets.randbelow(9 * 10**14) + 10**14)


def parsed(answer: Answer) -> Json:
    """The answer's body with its numbers as decimals; empty when it is no object."""
    try:
        found = json.loads(answer.body, parse_float=Decimal)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


# ---- who plays ----------------------------------------------------------------------------------


def open_play(game: catalogue.Game, launch: Json) -> Json:
    """Ask the casino who stands behind a session, and note it. A demo asks nobody.

    Raises Refused.
    """
    play_id = secrets.token_hex(12)
    play: Json = {
        "play_id": play_id,
        "game": game.id,
        "casino_session_id": launch["casinoSessionId"],
        "demo": launch["gameMode"] == "DEMO",
        "player_id": "",
        "currency": money.FUN,
        "country": "",
        "balance_units": None,
        "rounds": 0,
        "seat": 0,
        "seen_at": "",
        "launch": launch,
        "opened_at": datetime.now(UTC).isoformat(),
    }
    if play["demo"]:
        play["balance_units"] = money.units("1000", money.FUN)
    else:
        play |= _asked_session(launch["casinoSessionId"], play_id)
    book.insert("plays", play_id, play)
    return play


def _asked_session(session_id: str, play_id: str) -> Json:
    answer = courier.ask(
        kind="session",
        url=f"{casino_callback_url(book, PARTNER)}/sessions/{quote(session_id, safe='')}",
        body=b"",
        reference=play_id,
        signs=session_id,
    )
    said = parsed(answer)
    if answer.status != 200:
        raise Refused(refusal_of(answer), 403)
    names = ("casinoPlayerId", "currency", "country")
    if not all(isinstance(said.get(name), str) and said[name] for name in names):
        raise Refused("The casino's answer about the session is not complete.", 502)
    if not money.CURRENCY.fullmatch(said["currency"]):
        raise Refused("This currency is not played here.", 403)
    return {
        "player_id": said["casinoPlayerId"],
        "currency": said["currency"],
        "country": said["country"],
    }


def play_of(play_id: str) -> Json:
    """Raises Refused (404) for an unknown one."""
    found = book.get("plays", play_id)
    if found is None:
        raise Refused("There is no such session.", 404)
    return found


def game_of(play: Json) -> catalogue.Game:
    game = catalogue.game(play["game"])
    if game is None:
        raise Refused("The session's game left the catalogue.", 404)
    return game


def ask_balance(play: Json) -> str:
    """Ask the casino for the balance and keep it; its refusal in words, or nothing."""
    if play["demo"]:
        return ""
    game = game_of(play)
    query = {
        "casinoSessionId": play["casino_session_id"],
        "currency": play["currency"],
        "gameId": game.id,
        "integratorId": str(game.integrator_id),
        "softwareId": str(game.software_id),
    }
    player = quote(play["player_id"], safe="")
    answer = courier.ask(
        kind="balance",
        url=f"{casino_callback_url(book, PARTNER)}/players/{player}/balance?{urlencode(query)}",
        body=b"",
        reference=play["play_id"],
        signs="".join(query.values()),
    )
    if answer.status == 200 and remember_balance(play["play_id"], parsed(answer)):
        return ""
    return refusal_of(answer)


def remember_balance(play_id: str, said: Json) -> bool:
    """Keep real and bonus money together, as a player sees it. False when there is none."""
    try:
        held = Decimal(said["realBalance"]) + Decimal(said["bonusBalance"])
        with book.locked("plays", play_id) as kept:
            kept["balance_units"] = money.units(held, kept["currency"])
    except (KeyError, TypeError, ArithmeticError):
        return False
    return True


def refusal_of(answer: Answer) -> str:
    if answer.status is None:
        return SILENT
    code = str(parsed(answer).get("code", ""))
    return WORDS.get(code, f"The casino answered {answer.status} {code}".strip() + ".")


# ---- transactions -------------------------------------------------------------------------------


def document(
    play: Json, kind: str, *, key: str, round_id: str = "", ends: bool = False, **parts: Any
) -> Json:
    """A transaction as it is sent. parts: amounts in units under `amount`, `bet`, `win`."""
    game, currency = game_of(play), play["currency"]
    made: Json = {
        "id": key,
        "integratorTransactionId": f"i{key}",
        "type": kind,
        "requestedAt": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "game": {"id": int(game.id)},
        "software": {"id": game.software_id},
        "integrator": {"id": game.integrator_id},
        "player": {"id": play["play_id"], "casinoPlayerId": play["player_id"]},
        "currency": currency,
        "casinoSessionId": play["casino_session_id"],
    }
    if round_id:
        status = "COMPLETED" if ends else "IN_PROGRESS"
        made["round"] = {"id": round_id, "integratorRoundId": f"i{round_id}", "status": status}
    if "amount" in parts:
        made["amount"] = number(parts["amount"], currency)
    if "bet" in parts:
        made["bet"] = {"amount": number(parts["bet"], currency)}
        made["win"] = {"amount": number(parts["win"], currency)}
    if "target" in parts:
        made["transaction"] = {"id": parts["target"]}
    return made


def number(units: int, currency: str) -> msgspec.Raw:
    """A JSON number that is written as it should be read."""
    return msgspec.Raw(money.text(units, currency).encode())


def ask(play: Json, sent: Json, *, insists: bool = False) -> Sent:
    """Send a transaction now; without a usable answer once more at once, with the same id."""
    answer = _carry(play, sent)
    if insists and (answer.status is None or answer.status >= 500):
        answer = _carry(play, sent)
    if answer.status == 200:
        is_read = remember_balance(play["play_id"], parsed(answer))
        return Sent(answer, "" if is_read else "The casino's answer could not be read.")
    return Sent(answer, refusal_of(answer))


def post(play: Json, sent: Json) -> str:
    """Send a transaction again and again until the casino says 200."""
    _note(play, sent, None)
    return courier.post(kind=sent["type"], url=_url(), body=encode(sent), reference=play["play_id"])


def take_back(play: Json, key: str, round_id: str) -> None:
    """Nobody knows what became of a bet, or it came too late: roll it back until told 200."""
    post(play, document(play, "ROLLBACK", key=new_id(), round_id=round_id, target=key))


def encode(sent: Json) -> bytes:
    return msgspec.json.encode(sent)


def _carry(play: Json, sent: Json) -> Answer:
    answer = courier.ask(
        kind=sent["type"], url=_url(), body=encode(sent), reference=play["play_id"]
    )
    _note(play, sent, answer)
    return answer


def _url() -> str:
    return f"{casino_callback_url(book, PARTNER)}/transactions"


def _note(play: Json, sent: Json, answer: Answer | None) -> None:
    """Our side of the totals: what was sent, and what the casino last said about it."""
    key = f"{sent['type']}:{sent['id']}"
    known = book.get("transactions", key)
    if known is not None and known["status"] == 200:
        return
    plain = json.loads(encode(sent), parse_float=Decimal)
    currency = play["currency"]
    amount = plain.get("amount", 0)
    is_win = sent["type"] in {"WIN", "PROMO_PAYOUT"}
    staked = plain.get("bet", {}).get("amount", 0 if is_win else amount)
    won = plain.get("win", {}).get("amount", amount if is_win else 0)
    if sent["type"] == "PROMO_PAYOUT":
        won = plain[PROMO_OBJECTS[plain["promoType"]]]["amount"]
    book.put(
        "transactions",
        key,
        {
            "key": key,
            "id": str(sent["id"]),
            "type": sent["type"],
            "play_id": play["play_id"],
            "player_id": play["player_id"],
            "currency": currency,
            "round_id": plain.get("round", {}).get("id", ""),
            "bet_units": money.units(staked, currency),
            "win_units": money.units(won, currency),
            "target": str(plain.get("transaction", {}).get("id", "")),
            "at": datetime.now(UTC).isoformat(),
        }
        | _said(answer),
    )


def _said(answer: Answer | None) -> Json:
    if answer is None:
        return {"status": None, "note": "waiting", "balance": "", "casino_id": "", "found": True}
    body = parsed(answer)
    return {
        "status": answer.status,
        "note": answer.note or str(body.get("code") or ""),
        "balance": str(body.get("realBalance", "")),
        "casino_id": str(body.get("id", "")),
        "found": not body.get("isNotFound", False),
    }


# ---- prizes and free rounds ---------------------------------------------------------------------


def post_promo(play: Json, *, units: int, kind: str, bonus_id: str = "", key: str = "") -> str:
    """Pay a prize of the vendor's own, or the result of free rounds that the casino gave."""
    prize: Json = {
        "amount": number(units, play["currency"]),
        "currency": play["currency"],
        "gameId": play["game"],
    }
    if bonus_id:
        prize["bonusId"] = bonus_id
    return post(
        play,
        {
            "id": key or new_id(),
            "type": "PROMO_PAYOUT",
            "promoType": kind,
            "playerId": play["player_id"],
            "currency": play["currency"],
            PROMO_OBJECTS[kind]: prize,
        },
    )


def active_bonus(play: Json) -> Json | None:
    """The player's oldest free rounds that can be played in this game now."""
    match = {"player_id": play["player_id"], "currency": play["currency"], "status": "ACTIVE"}
    now = datetime.now(UTC).isoformat()
    usable = [
        document.body
        for document in book.find("bonuses", match)
        if play["game"] in document.body["games"]
        and document.body["start_at"] <= now < document.body["expire_at"]
    ]
    return usable[-1] if usable else None


# ---- the books ----------------------------------------------------------------------------------


def totals() -> list[Json]:
    """What the vendor believes it bet, won and rolled back, by player and currency.

    Counts what the casino answered 200 to; a rollback counts once, and only when what it undoes
    counts too.
    """
    accepted = [
        document.body for document in book.find("transactions", {"status": 200}, limit=1_000_000)
    ]
    undone = {body["target"] for body in accepted if body["type"] == "ROLLBACK" and body["found"]}
    sums: dict[tuple[str, str], Json] = {}
    for body in accepted:
        row = sums.setdefault(
            (body["player_id"], body["currency"]), {"bet": 0, "win": 0, "rollback": 0, "promo": 0}
        )
        if body["type"] == "PROMO_PAYOUT":
            row["promo"] += body["win_units"]
            continue
        row["bet"] += body["bet_units"]
        row["win"] += body["win_units"]
        if body["type"] != "ROLLBACK" and body["id"] in undone:
            row["rollback"] += body["bet_units"] - body["win_units"]
    return [
        {"player_id": player_id, "currency": currency} | row
        for (player_id, currency), row in sorted(sums.items())
    ]
