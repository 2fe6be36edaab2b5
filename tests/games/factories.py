"""Games, sessions and signed calls for tests."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Money
from apps.games import play
from apps.games.followers import Rounds
from apps.games.models import Game, GameSession, Studio
from apps.games.providers.softswiss import callbacks
from apps.integrations.callbacks import CallbackRequest
from apps.ledger.followers import follow
from apps.ledger.models import Entry, Operation, Wallet
from apps.wallet import services as wallets

FIXTURES = Path(__file__).parent / "softswiss" / "fixtures"
Json = dict[str, Any]


def make_studio(name: str = "Inkfield") -> Studio:
    return Studio.objects.get_or_create(name=name, defaults={"slug": name.lower()})[0]


def make_game(title: str = "Tide of Koi", **fields: Any) -> Game:
    slug = title.lower().replace(" ", "-")
    return Game.objects.create(
        **{
            "slug": slug,
            "title": title,
            "provider": "softswiss",
            "identifier": f"inkfield:{title.replace(' ', '')}",
            "studio": make_studio(),
            "category": "slots",
            "released_on": date(2024, 5, 1),
            "has_free_spins": True,
            "synced_at": now(),
        }
        | fields
    )


def make_session(
    player: Player, game: Game, currency: str = "EUR", ref: str = "s-1", **fields: Any
) -> GameSession:
    wallet = wallets.open_wallet(player_id=player.pk, currency_code=currency)
    return GameSession.objects.create(
        player=player,
        game=game,
        wallet_id=wallet.pk,
        currency=currency,
        outside_ref=ref,
        started_at=now(),
        **fields,
    )


def sign(body: bytes, token: str = "") -> str:
    key = (token or settings.SOFTSWISS_AUTH_TOKEN).encode()
    return hmac.new(key, body, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed

    @property
    def code(self) -> int:
        """The vendor's number of a refusal, of either generation."""
        said = self.json
        return int(said["meta"]["api_code"] if "meta" in said else said["code"])


def send(
    path: str, body: Json | bytes, *, signature: str | None = None, method: str = "POST"
) -> Answer:
    """One signed call; `body` may be raw bytes. signature: another one, empty for none."""
    raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    headers = {"content-type": "application/json"}
    if signature != "":
        headers["x-request-sign"] = sign(raw) if signature is None else signature
    response = callbacks.handle(CallbackRequest(method, path, headers, raw, "127.0.0.1"))
    return Answer(response.status, response.body)


@dataclass
class Table:
    """A player at a game, seen from the vendor: what it would send about this session."""

    player: Player
    game: Game
    session: GameSession
    generation: str

    @property
    def user_id(self) -> str:
        return play.wallet_ref(self.player.public_id, self.session.currency)

    @property
    def wallet(self) -> Wallet:
        return Wallet.objects.get(pk=self.session.wallet_id)

    def v1(
        self, *actions: Json, path: str = "play", round_id: str = "r-1", **changes: Any
    ) -> Answer:
        body: Json = {
            "user_id": self.user_id,
            "currency": self.session.currency,
            "game": self.game.identifier,
            "game_id": round_id,
            "finished": False,
            "session_id": self.session.outside_ref,
        }
        if actions:
            body["actions"] = list(actions)
        return send(path, _without(body | changes))

    def v2(self, method: str, *transactions: Json, round_id: str = "r-1", **changes: Any) -> Answer:
        body: Json = {
            "player_id": self.user_id,
            "currency": self.session.currency,
            "round_id": round_id,
            "game_id": self.game.identifier,
            "provider": "inkfield",
            "session_payload": self.session.outside_ref,
        }
        if transactions:
            body["transactions"] = list(transactions)
        return send(f"v2/a8r_casino.{method}", _without(body | changes))

    # The same acts in the words of either generation. Amounts in cents.

    def bet(self, key: str, cents: int, **more: Any) -> Answer:
        return self.act([("bet", key, cents)], **more)

    def win(self, key: str, cents: int, **more: Any) -> Answer:
        return self.act([("win", key, cents)], **more)

    def act(self, actions: list[tuple[str, str, int]], **more: Any) -> Answer:
        if self.generation == "v1":
            return self.v1(
                *(
                    {"action": kind, "action_id": key, "amount": cents}
                    for kind, key, cents in actions
                ),
                **more,
            )
        return self.v2(
            "Round/BetWin",
            *(
                {"type": kind, "id": key, "amount": f"{cents // 100}.{cents % 100:02d}"}
                for kind, key, cents in actions
            ),
            **more,
        )

    def roll_back(self, *pairs: tuple[str, str], **more: Any) -> Answer:
        """pairs: (id of the rollback, id of what is undone)."""
        if self.generation == "v1":
            return self.v1(
                *(
                    {"action": "rollback", "action_id": key, "original_action_id": target}
                    for key, target in pairs
                ),
                path="rollback",
                **more,
            )
        return self.v2(
            "Round/Rollback",
            *({"id": key, "original_id": target} for key, target in pairs),
            **more,
        )

    def finish(self, round_id: str = "r-1") -> Answer:
        if self.generation == "v1":
            return self.v1(finished=True, round_id=round_id)
        return self.v2("Round/Finish", round_id=round_id, finished=True)

    def ask(self) -> Answer:
        if self.generation == "v1":
            return self.v1(game_id=None)
        return self.v2("Player/Balance")

    def balance(self, answer: Answer) -> int:
        """The balance an answer names, in cents."""
        said = answer.json
        held = said.get("meta", said).get("balance")
        return int(held) if self.generation == "v1" else _cents(held)

    def ids(self, answer: Answer) -> list[tuple[str, str]]:
        """The vendor's and our id of each entry of the answer's list."""
        names = ("action_id", "tx_id") if self.generation == "v1" else ("id", "id_casino")
        return [(one[names[0]], one[names[1]]) for one in answer.json["transactions"]]

    @property
    def held(self) -> Money:
        """The wallet's true balance, below zero while something is owed."""
        return play.balance(play.wallet_of(self.user_id))


def follow_rounds() -> None:
    """Bring the rounds up to the newest entry of this test."""
    newest = Entry.objects.aggregate(newest=Max("id"))["newest"] or 0
    while follow(Rounds(), newest):
        pass


def world() -> tuple[int, int, str]:
    """What must not change when a call is refused: entries, operations, all balances."""
    balances = Wallet.objects.order_by("pk").values_list("pk", "balance", "version")
    return Entry.objects.count(), Operation.objects.count(), str(list(balances))


def _cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])


def _without(body: Json) -> Json:
    return {name: value for name, value in body.items() if value is not None}
