"""The demo's world, made through the same doors as the real one. Safe to run again.

Players register, coins are sent at the gateway's simulator and arrive as signed callbacks, rounds
are played at the aggregator's simulator and arrive the same way. Nothing here writes a ledger row.
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.models import Player, User
from apps.core.money import Money
from apps.demo.people import (
    OPERATORS,
    PLAYERS,
    DemoDeposit,
    DemoOperator,
    DemoPlayer,
    DemoRounds,
    DemoWithdrawal,
)
from apps.games import services as games
from apps.games.models import Game, GameSession
from apps.games.providers.base import Urls
from apps.operator import services as staff
from apps.payments import selectors as payments
from apps.payments.models import Deposit, Withdrawal
from apps.payments.services import deposits, withdrawals
from casino import embedded

REASON = "Seeded with the demo"
PATIENCE_SECONDS = 30


class SeedFailed(Exception):
    """A process or a simulator did not do its part; the message says which."""


def seed(say: Callable[[str], None]) -> None:
    """Make what is missing of games, people and their history. Raises SeedFailed, ProviderError."""
    say(f"{games.sync_provider('softswiss')} games")
    for operator in OPERATORS:
        _make_operator(operator)
    for person in PLAYERS:
        player = _make_player(person)
        for deposit in person.deposits:
            _pay_in(player, deposit)
        for rounds in person.rounds:
            _play(player, rounds)
        for withdrawal in person.withdrawals:
            _pay_out(player, withdrawal)
        say(f"{person.name}: {person.about}")
    games.refresh_popularity()


@transaction.atomic
def _make_operator(operator: DemoOperator) -> None:
    if User.objects.filter(email=operator.email).exists():
        return
    user, _ = staff.create_staff(
        email=operator.email,
        role=operator.role,
        by="system",
        reason=REASON,
        password=embedded.local_secrets()["DEMO_PASSWORD"],
    )
    staff.reset_second_factor(user_id=user.pk, by="system", reason=REASON)


@transaction.atomic
def _make_player(person: DemoPlayer) -> Player:
    if player := Player.objects.filter(user__email=person.email).first():
        return player
    player = accounts.register_player(
        email=person.email,
        password=embedded.local_secrets()["DEMO_PASSWORD"],
        display_name=person.name,
        birth_date=person.born_on,
        country=person.country,
        terms_accepted=True,
        ip="127.0.0.1",
    )
    # As if the link in the mail had been followed: nobody reads mail to demo.test.
    EmailAddress.objects.create(user=player.user, email=person.email, primary=True, verified=True)
    return player


def _pay_in(player: Player, wanted: DemoDeposit) -> None:
    rail = payments.rail(wanted.rail)
    if Deposit.objects.filter(player=player, rail=rail).exists():
        return
    address = deposits.take_address(player=player, rail=rail)
    _press(
        "coinspaid/control/send",
        address=address.address,
        tag=address.tag,
        amount=wanted.amount,
        confirm=True,
    )
    confirmed = Deposit.objects.filter(player=player, rail=rail, state=Deposit.State.CONFIRMED)
    _wait(confirmed.exists, f"the deposit of {wanted.amount} {wanted.rail}")


def _play(player: Player, wanted: DemoRounds) -> None:
    if GameSession.objects.filter(player=player, currency=wanted.currency).exists():
        return
    game = Game.objects.filter(category="slots", is_listed=True).order_by("identifier")[wanted.game]
    launched = games.launch(
        player=player,
        game=game,
        currency_code=wanted.currency,
        client_type="desktop",
        ip="127.0.0.1",
        mode="real",
        urls=Urls(back="http://127.0.0.1/", deposit="http://127.0.0.1/wallet/"),
    )
    session = urlsplit(launched.url).path.rstrip("/").rpartition("/")[2]
    said = _press(
        f"softswiss/control/sessions/{session}/spin", stake=wanted.stake, count=wanted.count
    )
    if refusal := said["rounds"][-1]["refusal"]:
        raise SeedFailed(f"The casino refused a bet of {player}: {refusal}")
    opened = GameSession.objects.get(player=player, game=game, ended_at=None)
    games.end_session(session=opened)


def _pay_out(player: Player, wanted: DemoWithdrawal) -> None:
    rail = payments.rail(wanted.rail)
    key = f"demo-{wanted.rail.lower()}"
    if Withdrawal.objects.filter(player=player, key=key).exists():
        return
    requested = withdrawals.request_withdrawal(
        player=player,
        amount=Money.parse(wanted.amount, rail.money_currency),
        rail=rail,
        address=wanted.address,
        key=key,
    )
    if wanted.is_approved:
        finance = User.objects.get(
            email=next(one.email for one in OPERATORS if one.role == "finance")
        )
        withdrawals.approve(requested, finance, REASON)
        paid = Withdrawal.objects.filter(pk=requested.pk, state=Withdrawal.State.PAID)
        _wait(paid.exists, f"the withdrawal of {wanted.amount} {wanted.rail}")


def _press(path: str, **data: Any) -> dict[str, Any]:
    """Press a button of a simulator, as a tester would."""
    response = httpx.post(
        f"{settings.SIMULATORS_URL}/{path}", json=data, timeout=PATIENCE_SECONDS, trust_env=False
    )
    body: dict[str, Any] = response.json()
    if response.status_code != httpx.codes.OK:
        raise SeedFailed(f"{path}: {body.get('error', response.status_code)}")
    return body


def _wait(is_done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            raise SeedFailed(f"Nothing was heard of {what}; see the logs of wallet and worker.")
        time.sleep(0.05)
