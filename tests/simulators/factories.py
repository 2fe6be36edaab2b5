"""Signed calls as a casino makes them, written here once more from the protocol documents."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from apps.games.providers.softswiss.simulator import catalogue
from tests.simulator_client import Asked, Coinspaid, RecordingCasino, Softswiss
from tests.web import web

TOKEN = b"test-softswiss-token"
SECRET = b"test-coinspaid-secret"
Json = dict[str, Any]


def a_game(**wanted: Any) -> catalogue.Game:
    """The first playable game of the catalogue with these properties and no blacklist."""
    return next(
        game
        for game in catalogue.games().values()
        if game.is_playable
        and not game.blacklist
        and all(getattr(game, name) == value for name, value in wanted.items())
    )


def ask_aggregator(softswiss: Softswiss, path: str, **data: Any) -> httpx.Response:
    body = json.dumps({"casino_id": "test-casino"} | data).encode()
    signature = hmac.new(TOKEN, body, hashlib.sha256).hexdigest()
    return web.post(softswiss.base_url + path, content=body, headers={"X-REQUEST-SIGN": signature})


def a_user(player_id: str = "u-1", **changes: Any) -> Json:
    return {"id": player_id, "email": "player@example.com", "country": "DE"} | changes


def open_v1(
    softswiss: Softswiss, game: catalogue.Game, currency: str = "EUR", player_id: str = "u-1"
) -> str:
    response = ask_aggregator(
        softswiss,
        "/sessions",
        game=game.identifier,
        currency=currency,
        locale="en",
        ip="203.0.113.7",
        client_type="desktop",
        balance=100_000,
        urls={
            "deposit_url": "https://casino.example/wallet/",
            "return_url": "https://casino.example/",
        },
        user=a_user(player_id),
    )
    assert response.status_code == 200, response.text
    return softswiss.session_id(response.json()["launch_options"]["game_url"])


def open_v2(softswiss: Softswiss, game: catalogue.Game, currency: str = "EUR") -> str:
    response = ask_aggregator(
        softswiss,
        "/v2/casino_a8r.Launcher/Real",
        game=game.identifier,
        client_type="desktop",
        ip="203.0.113.7",
        locale="en",
        player=a_user(currency=currency),
        urls={"deposit_url": "https://casino.example/", "return_url": "https://casino.example/"},
        session_payload="payload-1",
    )
    assert response.status_code == 200, response.text
    return softswiss.session_id(response.json()["launch_url"])


def next_week() -> str:
    return (datetime.now(UTC) + timedelta(days=7)).isoformat()


def ask_gateway(
    coinspaid: Coinspaid, path: str, *, method: str = "POST", **data: Any
) -> httpx.Response:
    body = json.dumps(data).encode()
    return web.request(
        method,
        coinspaid.base_url + path,
        content=body,
        headers={
            "Content-Type": "application/json",
            "X-Processing-Key": "test-coinspaid-key",
            "X-Processing-Signature": hmac.new(SECRET, body, hashlib.sha512).hexdigest(),
        },
    )


def take_address(coinspaid: Coinspaid, currency: str = "BTC", **data: Any) -> Json:
    wanted = {"currency": currency, "foreign_id": "u-77", "end_user_reference": "u-77"} | data
    response = ask_gateway(coinspaid, "/addresses/take", **wanted)
    assert response.status_code == 201, response.text
    address: Json = response.json()["data"]
    return address


def withdraw(coinspaid: Coinspaid, **data: Any) -> httpx.Response:
    wanted = {
        "foreign_id": "w-1",
        "currency": "BTC",
        "amount": "0.01",
        "address": "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
        "end_user_reference": "u-77",
    } | data
    return ask_gateway(coinspaid, "/withdrawal/crypto", **wanted)


@dataclass
class SmallWallet:
    """Enough of a casino's wallet to be played against: one purse, each id once, tombstones."""

    units: int = 100_000
    applied: dict[str, tuple[str, int]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    refuse: tuple[int, Json] | None = None
    casino: RecordingCasino = field(default_factory=RecordingCasino)

    def answer(self, asked: Asked) -> tuple[int, Json]:
        if self.refuse:
            return self.refuse
        body = asked.json
        if "/v2/" in asked.path:
            return self._answer_v2(body)
        for action in body.get("actions", []):
            self._apply(
                action["action"],
                action["action_id"],
                action.get("amount", 0),
                action.get("original_action_id", ""),
            )
        answer: Json = {"balance": self.units}
        if "actions" in body:
            answer["game_id"] = body["game_id"]
            answer["transactions"] = [
                {"action_id": action["action_id"], "tx_id": f"tx-{action['action_id']}"}
                for action in body["actions"]
            ]
        return 200, answer

    def _answer_v2(self, body: Json) -> tuple[int, Json]:
        listed = body.get("transactions", [])
        for one in listed:
            units = round(float(one.get("amount", 0)) * 100)
            self._apply(one["type"], one["id"], units, one.get("original_id", ""))
        answer: Json = {"balance": f"{self.units // 100}.{self.units % 100:02d}"}
        if listed:
            answer["transactions"] = [
                {"id": one["id"], "id_casino": f"tx-{one['id']}"} for one in listed
            ]
        return 200, answer

    def _apply(self, kind: str, action_id: str, units: int, original_id: str) -> None:
        if action_id in self.applied or action_id in self.gone:
            return
        change = {"bet": -units, "win": units}.get(kind, 0)
        if kind == "rollback":
            self.gone.add(original_id)
            undone = self.applied.pop(original_id, ("", 0))
            change = -undone[1]
        self.applied[action_id] = (kind, change)
        self.units += change
