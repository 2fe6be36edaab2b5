"""The demo's world, made through the same doors as the real one. Safe to run again.

Players register, coins are sent at the gateway's simulator and arrive as signed callbacks, rounds
are played at the aggregator's simulator and arrive the same way. Nothing here writes a ledger row.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.models import Player, User
from apps.core.clock import now
from apps.core.money import Money
from apps.demo import house, jackpots, risk, safer_play, verification
from apps.demo.people import (
    APPLICANTS,
    OPERATORS,
    PLAYERS,
    RING,
    SHELF,
    SHELF_GAMES,
    DemoCardDeposit,
    DemoDeposit,
    DemoExchange,
    DemoOperator,
    DemoPlayer,
    DemoRounds,
    DemoWithdrawal,
)
from apps.games import collections
from apps.games import services as games
from apps.games.models import Collection, Game, GameSession
from apps.games.providers.base import Urls
from apps.games.providers.registry import configured
from apps.ledger.selectors import currency
from apps.operator import services as staff
from apps.payments import addressbook, travel_rule
from apps.payments import selectors as payments
from apps.payments.models import Deposit, Withdrawal
from apps.payments.services import cashier, deposits, withdrawals
from apps.rates import services as rates
from apps.risk import location
from apps.risk.models import LocationCheck
from apps.wallet import exchange, vault
from apps.wallet.models import ExchangeQuote
from casino import embedded

REASON = "Seeded with the demo"
PATIENCE_SECONDS = 30


class SeedFailed(Exception):
    """A process or a simulator did not do its part; the message says which."""


def seed(say: Callable[[str], None]) -> None:
    """Make what is missing of games, people and their history. Raises SeedFailed, ProviderError."""
    verification.write_list()
    for partner in configured():
        say(f"{games.sync_provider(partner)} games of {partner}")
    say(f"{rates.refresh() + rates.refresh_display()} rates")
    for operator in OPERATORS:
        _make_operator(operator)
    _make_shelf()
    jackpots.open_jackpot(finance=_operator("finance"), administrator=_operator("administrator"))
    ring = []
    players: dict[str, Player] = {}
    for person in (*PLAYERS, *RING, *APPLICANTS):
        player = players[person.name] = _make_player(person)
        if person in RING:
            ring.append(player)
        _place(player, person)
        _locate(player, person)
        for deposit in person.deposits:
            _pay_in(player, deposit)
        for card_deposit in person.card_deposits:
            _pay_by_card(player, card_deposit)
        for rounds in person.rounds:
            _play(player, rounds)
        for withdrawal in person.withdrawals:
            _pay_out(player, withdrawal)
        for sale in person.exchanges:
            _exchange(player, sale)
        for kept in person.vault:
            amount = Money.parse(kept.amount, currency(kept.currency))
            vault.put(player=player, amount=amount, key=f"demo-{kept.currency.lower()}")
        say(f"{person.name}: {person.about}")
    house.furnish(desk=_operator("payments"), administrator=_operator("administrator"), say=say)
    risk.furnish(ring=ring, compliance=_operator("compliance"), say=say)
    safer_play.furnish(
        limited=players["Juniper"],
        excluded=players["Wren"],
        everybody=players.values(),
        desk=_operator("rg"),
        say=say,
    )
    applicants = [players[person.name] for person in APPLICANTS]
    verification.furnish(people=applicants, reviewer=_operator("kyc"), say=say)
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


def _make_shelf() -> None:
    """A shelf of the lobby, as a game manager would put it together."""
    if Collection.objects.filter(title=SHELF).exists():
        return
    manager = _operator("game_manager")
    made = collections.create(collections.Wishes(title=SHELF), actor=manager, reason=REASON)
    best = Game.objects.filter(is_listed=True, rtp__isnull=False).order_by("-rtp", "pk")
    collections.arrange(
        made.pk,
        list(best.values_list("slug", flat=True)[:SHELF_GAMES]),
        actor=manager,
        reason=REASON,
    )


def _operator(role: str) -> User:
    return User.objects.get(email=next(one.email for one in OPERATORS if one.role == role))


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


def _place(player: Player, person: DemoPlayer) -> None:
    """Rank, verification and address book, as staff and the player would set them."""
    accounts.set_rank(player_id=player.pk, rank=person.rank, actor="system", reason=REASON)
    accounts.set_kyc_level(
        player_id=player.pk, level=person.kyc_level, actor="system", reason=REASON
    )
    for one in person.addresses:
        addressbook.save(
            player=player, rail=payments.rail(one.rail), address=one.address, label=one.label
        )


def _locate(player: Player, person: DemoPlayer) -> None:
    """Where the player was before; the last look finds them on this machine, free to play."""
    if LocationCheck.objects.filter(player=player).exists():
        return
    at = now()
    for hours, ip in person.places:
        location.check(
            player=player,
            ip=ip,
            occasion=LocationCheck.Occasion.SIGN_IN,
            at=at - timedelta(hours=hours),
        )


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
        riskscore=wanted.riskscore,
        confirm=True,
    )
    arrived = Deposit.objects.filter(
        player=player, rail=rail, state__in=[Deposit.State.CONFIRMED, Deposit.State.HELD]
    )
    _wait(arrived.exists, f"the deposit of {wanted.amount} {wanted.rail}")


def _pay_by_card(player: Player, wanted: DemoCardDeposit) -> None:
    """As the player's browser would: a session of the cashier, a card, the bank's question."""
    rail = payments.rail(wanted.currency)
    if Deposit.objects.filter(player=player, rail=rail).exists():
        return
    token = cashier.open_session(player=player, rail=rail, direction="deposit")
    _press(
        "paymentiq/control/start",
        direction="deposit",
        method=wanted.method,
        userId=f"{player.public_id}-{wanted.currency}",
        sessionId=token,
        amount=wanted.amount,
        outcome="success",
    )
    confirmed = Deposit.objects.filter(player=player, rail=rail, state=Deposit.State.CONFIRMED)
    _wait(confirmed.exists, f"the deposit of {wanted.amount} {wanted.currency}")


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
        owner=travel_rule.Owner(travel_rule.Wallet.OWN.value, player.display_name),
    )
    if wanted.is_approved:
        withdrawals.approve(requested, _operator("finance"), REASON)
        paid = Withdrawal.objects.filter(pk=requested.pk, state=Withdrawal.State.PAID)
        _wait(paid.exists, f"the withdrawal of {wanted.amount} {wanted.rail}")


def _exchange(player: Player, wanted: DemoExchange) -> None:
    key = f"demo-{wanted.sold}-{wanted.bought}".lower()
    if ExchangeQuote.objects.filter(player=player, key=key).exists():
        return
    rates.refresh()  # seeding may have taken longer than a rate settles
    quote = exchange.quote(
        player=player,
        sold=Money.parse(wanted.amount, currency(wanted.sold)),
        bought_code=wanted.bought,
    )
    exchange.accept(player=player, quote_id=quote.public_id, key=key)


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
