"""F4, C2, C3: a break or a lower limit meets fifty bets and a deposit; Redis decides nothing."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from redis.exceptions import RedisError

from apps.accounts.models import Player
from apps.ledger.models import Entry, Kind, Purse, Wallet
from apps.limits import exclusion, selectors, services
from apps.limits.models import Limit
from apps.payments.models import Deposit
from apps.wallet.errors import LimitReached
from tests.api.clients import signed_in
from tests.games.alea.factories import Seat as AleaSeat
from tests.games.alea.factories import make_table
from tests.games.factories import Table, make_game, make_session
from tests.payments.factories import call_back, make_address, recorded
from tests.rates.factories import set_rates
from tests.wallet.test_concurrency import at_once
from tests.wallet.test_movements import Table as Purses

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
Fund = Callable[..., Any]
DICE = {"amount": "1.00", "currency": "EUR", "choice": {"target": 5050, "over": True}}
REFUSED = {"wallet_blocked", "limit_reached", 110, 105, "PLAYER_BLOCKED", "BET_MAX", "session"}


@dataclass
class Doors:
    """One player's doors to a bet of one euro; each answers "" or why not."""

    player: Player
    v1: Table
    v2: Table
    alea: AleaSeat

    def bet(self, door: str, key: str) -> Any:
        match door:
            case "v1" | "v2":
                answer = getattr(self, door).bet(key, 100, round_id=key)
                return "" if answer.status == 200 else answer.code
            case "alea":
                said = self.alea.bet(key, 1, key)
                return "" if said.status == 200 else said.json["code"]
            case _:
                made = signed_in(self.player).post(
                    "originals/dice/bets/", DICE, {"Idempotency-Key": key}
                )
                return "" if made.status_code == 201 else made.json()["error"]["code"]


@pytest.fixture
def doors(player: Player, fund: Fund, settings: Any) -> Doors:
    settings.PAYMENTS_TESTNET = True
    set_rates(USD="1", BTC="60000")
    fund(player, "100.00", "EUR")
    fund(player, "100.00", "USD")
    game = make_game()
    seat = make_session(player, game)
    table = make_table()
    make_address(player)
    return Doors(
        player,
        Table(player, game, seat, "v1"),
        Table(player, game, seat, "v2"),
        AleaSeat(player, table, make_session(player, table, "USD", ref="cs-1")),
    )


def race(doors: Doors, act: Callable[[], None]) -> tuple[list[Any], dict[int, int]]:
    """Fifty bets over every door and a deposit, and an act in their midst.

    The answers, and how far every wallet had come when the act committed: it holds their locks
    when it looks, so what has a higher version was committed after it.
    """
    enough, versions = threading.Event(), {}
    answers: list[Any] = []

    def bets(place: int) -> None:
        for n in range(5):
            door = ("v1", "alea", "v2", "originals", "alea")[(place + n) % 5]
            answers.append(doors.bet(door, f"b-{place}-{n}"))
            if answers.count("") >= 10:
                enough.set()

    def pay_in() -> None:
        enough.wait(20)
        call_back(recorded("deposit_confirmed"))

    def stop() -> None:
        enough.wait(20)
        with transaction.atomic():
            act()
            versions.update(Wallet.objects.values_list("pk", "version"))

    at_once([*(lambda place=place: bets(place) for place in range(10)), pay_in, stop])
    return answers, versions


@pytest.mark.rule("RG-13", "RG-14", "ACC-14")
def test_nothing_is_staked_or_paid_in_after_an_exclusion_committed(doors: Doors) -> None:
    answers, versions = race(
        doors,
        lambda: (
            exclusion.self_exclude(player_id=doors.player.pk, length="6m", actor=doors.player)
            and None
        ),
    )

    assert len(answers) == 50
    assert set(answers) - {""} <= REFUSED
    later = [
        one for one in Entry.objects.all() if one.wallet_version > versions.get(one.wallet_id, 0)
    ]
    held = Wallet.objects.filter(purse=Purse.HELD).values_list("pk", flat=True)
    assert [one for one in later if one.kind == Kind.BET] == []
    assert {one.wallet_id for one in later if one.kind == Kind.DEPOSIT} <= set(held)
    assert Deposit.objects.get().state in {"confirmed", "held"}
    for door in ("v1", "v2", "alea", "originals"):
        assert doors.bet(door, f"late-{door}") in REFUSED
    # What was staked before is settled all the same.
    assert doors.v1.win("w-1", 100, round_id="b-0-0").status == 200


@pytest.mark.rule("RG-07", "RG-05", "RG-12")
def test_no_bet_breaks_a_limit_that_was_lowered_while_it_was_under_way(doors: Doors) -> None:
    facts = {"player_id": doors.player.pk, "kind": "wager", "window": "day", "actor": doors.player}
    services.set_limit(**facts, value=Decimal(1000))

    answers, versions = race(doors, lambda: services.set_limit(**facts, value=Decimal(20)) and None)

    assert set(answers) - {""} <= REFUSED
    total = Decimal(0)
    # A bet draws its number while it holds the player's limits: numbers are the order of commits.
    for one in Entry.objects.filter(kind=Kind.BET).order_by("pk"):
        total -= one.amount
        in_force = 20 if one.wallet_version > versions[one.wallet_id] else 1000
        assert total <= in_force
    assert total == max(Decimal(20), Decimal(answers.count("")))
    assert (doors.bet("v1", "l1"), doors.bet("v2", "l2")) == (105, 105)
    assert (doors.bet("alea", "l3"), doors.bet("originals", "l4")) == ("BET_MAX", "limit_reached")


@pytest.mark.rule("RG-05")
def test_bets_in_two_wallets_of_a_limited_player_wait_for_each_other(doors: Doors) -> None:
    services.set_limit(
        player_id=doors.player.pk, kind="loss", window="day", value=Decimal(20), actor=doors.player
    )
    euros, dollars = Purses(doors.player, "EUR"), Purses(doors.player, "USD")
    second: list[Any] = []

    def bet_in_dollars() -> None:
        try:
            second.append(dollars.play(dollars.bet("d1", "10.00")))
        except LimitReached as refused:
            second.append(refused.reason)
        finally:
            connection.close()

    with transaction.atomic():
        euros.play(euros.bet("e1", "15.00"))
        other = threading.Thread(target=bet_in_dollars)
        other.start()
        time.sleep(0.4)
        assert second == []
    other.join(20)

    assert second == ["loss_limit"]


@pytest.mark.rule("RG-08", "RG-14")
def test_redis_and_what_it_remembers_open_no_gate(doors: Doors, settings: Any) -> None:
    """C2, C3: the cache is away or says something old; limits and breaks bind all the same."""
    player = doors.player
    services.set_limit(
        player_id=player.pk, kind="wager", window="day", value=Decimal(1), actor=player
    )
    assert doors.bet("v1", "b1") == ""
    # What the process remembers of wallets and sessions is older than the break that comes now.
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",  # nobody listens
        }
    }
    with pytest.raises(RedisError):
        cache.get("anything")

    assert doors.bet("v2", "b2") == 105
    exclusion.panic(player_id=player.pk, actor=player)
    assert doors.bet("alea", "b3") == "PLAYER_BLOCKED"
    call_back(recorded("deposit_confirmed"))
    assert Deposit.objects.get().state == "held"
    assert selectors.is_excluded(player.pk)
    assert Limit.objects.count() == 1
