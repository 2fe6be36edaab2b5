"""Games on the shelf, as many as a test needs, and money to play them."""

from datetime import date
from decimal import Decimal
from typing import Any

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Money
from apps.games.models import Game, Studio
from apps.ledger.selectors import currency
from apps.wallet import movements
from apps.wallet import services as wallets


def make_studio(name: str = "Northlight") -> Studio:
    slug = name.lower().replace(" ", "-")
    return Studio.objects.get_or_create(slug=slug, defaults={"name": name})[0]


def make_game(title: str = "Seven Moons", **fields: Any) -> Game:
    slug = title.lower().replace(" ", "-")
    values: dict[str, Any] = {
        "slug": slug,
        "title": title,
        "provider": "softswiss",
        "identifier": f"northlight:{slug}",
        "category": "slots",
        "rtp": Decimal("96.50"),
        "volatility": 3,
        "released_on": date(2025, 1, 1),
        "synced_at": now(),
    }
    values.setdefault("studio", fields.get("studio") or make_studio())
    return Game.objects.create(**(values | fields))


def make_games(count: int, **fields: Any) -> list[Game]:
    return [make_game(f"Moon {number}", popularity=number, **fields) for number in range(count)]


def fund(player: Player, amount: str, code: str) -> None:
    wallet = wallets.open_wallet(player_id=player.pk, currency_code=code)
    movements.deposit_confirmed(
        partner="coinspaid",
        wallet_id=wallet.pk,
        amount=Money.parse(amount, currency(code)),
        key=f"test:{player.pk}:{code}",
        deposit_id=1,
    )
