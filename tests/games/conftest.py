from collections.abc import Iterator
from datetime import date

import pytest

from apps.accounts import services as accounts
from apps.accounts.models import Player
from apps.core.money import Money
from apps.games import play
from apps.games.models import Game
from apps.ledger.selectors import currency
from apps.wallet import movements
from apps.wallet import services as wallets
from tests.games.factories import Table, make_game, make_session


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """Nothing remembered from another test's database."""
    play.forget()
    yield
    play.forget()


def person(name: str, country: str = "DE") -> Player:
    return accounts.register_player(
        email=f"{name}@example.com",
        password="correct horse battery",
        display_name=name,
        birth_date=date(1990, 5, 17),
        country=country,
        terms_accepted=True,
    )


def fund(player: Player, amount: str, code: str) -> None:
    wallet = wallets.open_wallet(player_id=player.pk, currency_code=code)
    movements.deposit_confirmed(
        partner="coinspaid",
        wallet_id=wallet.pk,
        amount=Money.parse(amount, currency(code)),
        key=f"test:{player.pk}:{code}:{amount}",
        deposit_id=1,
    )


@pytest.fixture
def player(db: None) -> Player:
    return person("alice")


@pytest.fixture
def other_player(db: None) -> Player:
    return person("bob")


@pytest.fixture
def game(db: None) -> Game:
    return make_game()


@pytest.fixture(params=["v1", "v2"])
def table(request: pytest.FixtureRequest, player: Player, game: Game) -> Table:
    """A player with 10.00 EUR at an open game, for each generation of the protocol."""
    fund(player, "10.00", "EUR")
    return Table(player, game, make_session(player, game), request.param)
