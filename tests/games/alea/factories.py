"""Alea's calls as Alea makes them, written here once more from the protocol notes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from apps.accounts.models import Player
from apps.core.money import Money
from apps.games import play
from apps.games.models import Game, GameSession
from apps.games.providers.alea import callbacks
from apps.integrations.callbacks import CallbackRequest
from tests.games.factories import make_game

Json = dict[str, Any]


def digest(text: bytes | str, secret: str = "") -> str:
    signed = text if isinstance(text, bytes) else text.encode()
    key = secret or settings.ALEA_SECRET
    return "SHA-512=" + hashlib.sha512(signed + key.encode()).hexdigest()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed

    @property
    def said(self) -> tuple[int, str, str]:
        """HTTP status, DENIED or ERROR, code."""
        return self.status, self.json["status"], self.json["code"]


def call(
    path: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    query: Mapping[str, str] | None = None,
    signature: str | None = None,
    addr: str = "127.0.0.1",
) -> Answer:
    headers = {} if signature is None else {"digest": signature}
    request = CallbackRequest(method, path, headers, body, addr, urlencode(query or {}))
    response = callbacks.handle(request)
    return Answer(response.status, response.body)


def post(body: Json | bytes, signature: str | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    return call("transactions", method="POST", body=raw, signature=signature or digest(raw))


def ask_session(ref: str) -> Answer:
    return call(f"sessions/{ref}", signature=digest(ref))


def make_table(title: str = "Salt Room Roulette", game_id: int = 16375, **fields: Any) -> Game:
    return make_game(
        title,
        provider="alea",
        identifier=f"6:{game_id}",
        is_live=True,
        category="roulette",
        **fields,
    )


@dataclass
class Seat:
    """A player at a table, seen from the vendor. Amounts are written as they are sent."""

    player: Player
    game: Game
    session: GameSession

    @property
    def ref(self) -> str:
        return play.wallet_ref(self.player.public_id, self.session.currency)

    @property
    def held(self) -> str:
        return play.balance(play.wallet_of(self.ref)).text

    @property
    def money(self) -> Money:
        return play.balance(play.wallet_of(self.ref))

    def document(self, kind: str, key: str | int, round_id: str = "r-1", **changes: Any) -> Json:
        software, game = self.game.identifier.split(":")
        made: Json = {
            "id": key,
            "integratorTransactionId": f"i-{key}",
            "type": kind,
            "requestedAt": "2026-11-25T10:00:00.000Z",
            "game": {"id": int(game)},
            "software": {"id": int(software)},
            "integrator": {"id": 8},
            "player": {"id": "444", "casinoPlayerId": self.ref},
            "currency": self.session.currency,
            "casinoSessionId": self.session.outside_ref,
            "round": {"id": round_id, "integratorRoundId": round_id, "status": "IN_PROGRESS"},
        }
        return {name: value for name, value in (made | changes).items() if value is not None}

    def send(self, kind: str, key: str | int, round_id: str = "r-1", **changes: Any) -> Answer:
        return post(self.document(kind, key, round_id, **changes))

    def bet(self, key: str | int, amount: float, round_id: str = "r-1", **changes: Any) -> Answer:
        return self.send("BET", key, round_id, amount=amount, **changes)

    def win(self, key: str | int, amount: float, round_id: str = "r-1", **changes: Any) -> Answer:
        return self.send("WIN", key, round_id, amount=amount, **changes)

    def bet_win(self, key: str | int, bet: float, win: float, round_id: str = "r-1") -> Answer:
        return self.send("BET_WIN", key, round_id, bet={"amount": bet}, win={"amount": win})

    def roll_back(self, key: str | int, target: str | int, **changes: Any) -> Answer:
        return self.send("ROLLBACK", key, transaction={"id": target}, **changes)

    def end(self, key: str | int, round_id: str = "r-1", **changes: Any) -> Answer:
        closed = {"id": round_id, "integratorRoundId": round_id, "status": "COMPLETED"}
        return self.send("END_ROUND", key, round_id, round=closed, **changes)

    def promo(self, key: str | int, kind: str, amount: float, **changes: Any) -> Answer:
        name = {"ALEA_JACKPOT": "aleaJackpot", "FREE_SPIN": "freeSpin", "SPIN_GIFT": "spinGift",
                "OPERATOR_FREE_SPIN": "operatorFreeSpin"}.get(kind, kind.lower())  # fmt: skip
        prize = {"amount": amount, "currency": self.session.currency, "gameId": "16375"}
        prize |= changes.pop("prize", {})
        document = {"id": key, "type": "PROMO_PAYOUT", "promoType": kind, "playerId": self.ref}
        return post(document | {name: prize} | changes)

    def balance(self, **changes: str) -> Answer:
        software, game = self.game.identifier.split(":")
        query = {
            "casinoSessionId": self.session.outside_ref,
            "currency": self.session.currency,
            "gameId": game,
            "integratorId": "8",
            "softwareId": software,
        } | changes
        path = f"players/{query.pop('player', self.ref)}/balance"
        query = {name: value for name, value in query.items() if value}
        order = ("casinoSessionId", "currency", "gameId", "integratorId", "softwareId")
        signed = "".join(query.get(name, "") for name in order)
        return call(path, query=query, signature=digest(signed))
