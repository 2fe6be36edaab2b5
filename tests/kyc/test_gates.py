"""What lack of verification stops, at which sums, and that it is told before."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Player, User
from apps.events import bus
from apps.events.models import Event
from apps.kyc import gates, selectors
from apps.kyc.followers import Linked
from apps.kyc.models import Case, LinkedDay
from apps.kyc.services import cases
from apps.ledger.models import Block, Entry
from apps.ledger.selectors import currency
from apps.messaging.models import Notice
from apps.payments import readiness
from apps.wallet import movements, restrictions
from apps.wallet import services as wallets
from apps.wallet.errors import PlayRefused, WalletBlocked
from tests.conftest import fund, make_player
from tests.kyc.factories import make_details
from tests.payments.factories import rail

pytestmark = pytest.mark.django_db


def paid_in(player: Player, amount: str) -> None:
    fund(player, amount, "EUR")
    entries = Entry.objects.select_related("wallet").filter(wallet__player=player).order_by("-id")
    Linked().apply(list(entries[:1]))


def bet(player: Player) -> None:
    wallet = wallets.open_wallet(player_id=player.pk, currency_code="EUR")
    eur = currency("EUR")
    movements.play(
        [movements.Bet(key=f"b{player.pk}", amount=movements.Money.parse("1.00", eur),
                       round_ref="r", session_id=None)],
        partner="softswiss", wallet_id=wallet.pk, currency=eur,
    )  # fmt: skip


@pytest.mark.rule("ACC-03", "AML-01")
def test_in_a_strict_licence_nobody_plays_before_identity(settings: Any, reviewer: User) -> None:
    settings.JURISDICTION, settings.COUNTRY_PROFILES = "STRICT", []
    player = make_player("carla")
    assert restrictions.stops(player.pk, Block.PLAY)
    assert restrictions.stops(player.pk, Block.DEPOSIT)
    with pytest.raises((PlayRefused, WalletBlocked)):
        bet(player)
    assert not Entry.objects.filter(wallet__player=player).exists()

    cases.set_level(player_id=player.pk, level=2, by=reviewer, reason="seen")
    assert not restrictions.stops(player.pk, Block.PLAY)

    cases.set_level(player_id=player.pk, level=1, by=reviewer, reason="it was somebody else's")
    assert restrictions.stops(player.pk, Block.PLAY)


@pytest.mark.rule("AML-01", "AML-03", "K8")
def test_the_threshold_is_told_before_and_then_stops(player: Player) -> None:
    paid_in(player, "1400.00")
    assert not Case.objects.filter(player=player).exists()

    paid_in(player, "200.00")
    case = Case.objects.get(player=player, level=2)
    assert (case.state, case.is_asked) == ("needed", True)
    assert restrictions.standing(player.pk) == []
    warned = Event.objects.get(name__endswith="VerificationAsked")
    assert warned.data["is_warning"] is True

    paid_in(player, "400.00")
    assert gates.linked(player.pk, 180).paid_in == Decimal(2000)
    assert [one.code for one in restrictions.standing(player.pk)] == [gates.THRESHOLD]
    with pytest.raises((PlayRefused, WalletBlocked)):
        bet(player)
    assert Event.objects.filter(name__endswith="VerificationAsked").count() == 2


@pytest.mark.rule("AML-01")
def test_what_is_older_than_the_linked_days_does_not_count(player: Player) -> None:
    paid_in(player, "1900.00")
    LinkedDay.objects.update(on="2020-01-01")

    paid_in(player, "200.00")

    assert restrictions.standing(player.pk) == []
    assert gates.linked(player.pk, 180).most == Decimal(200)


@pytest.mark.rule("AML-03", "PAY-13")
def test_the_first_withdrawal_needs_the_details_and_says_so_early(player: Player) -> None:
    fund(player, "50.00", "EUR")
    before = {one.code: one for one in readiness.of(player).stops}
    assert before["verification"].href == "/account/verification/"
    assert selectors.meter(player).percent == 0
    assert selectors.meter(player).missing == ["Your details"]

    cases.declare(player=player, details=make_details(player))

    player.refresh_from_db()
    assert "verification" not in {one.code for one in readiness.of(player, rail("EUR")).stops}
    assert selectors.meter(player).percent == 100


@pytest.mark.rule("AML-03", "PAY-13")
def test_above_the_threshold_a_withdrawal_needs_identity(player: Player) -> None:
    cases.declare(player=player, details=make_details(player))
    player.refresh_from_db()

    assert selectors.withdrawal_need(player, value=Decimal(1999)) is None
    need = selectors.withdrawal_need(player, value=Decimal(2000))

    assert need is not None
    assert need.level == 2


def test_players_are_told_on_their_notices_and_before_they_deposit(
    player: Player, client: Client
) -> None:
    paid_in(player, "1600.00")
    bus.deliver_due()

    notice = Notice.objects.get(player=player, title="Verify soon")
    assert notice.href == "/account/verification/"
    assert "2000" in notice.text
    client.force_login(player.user)
    assert "/account/verification/" in client.get("/wallet/deposit/").content.decode()
