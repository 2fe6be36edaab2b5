"""What happened elsewhere becomes a notice, once, and a tab that was away catches up."""

import pytest
from django.db import transaction
from django.test import Client

from apps.accounts.models import Player
from apps.events import bus
from apps.events.models import Delivery
from apps.messaging import services
from apps.messaging.models import Notice
from apps.payments.events import DepositConfirmed, WithdrawalPaid

pytestmark = pytest.mark.django_db


def facts(player: Player, kind: str) -> dict[str, object]:
    return {
        "player_id": player.pk,
        f"{kind}_id": 1,
        "public_id": "dp_test",
        "amount": "0.10000000",
        "currency": "BTC",
    }


def test_a_confirmed_deposit_is_told_once(player: Player) -> None:
    bus.deliver_due()
    with transaction.atomic():
        bus.publish(DepositConfirmed(**facts(player, "deposit")))

    bus.deliver_due()
    bus.deliver_due()

    notice = Notice.objects.get(player=player, title="Deposit confirmed")
    assert notice.text == "0.1 BTC is in your balance."
    assert notice.href == "/wallet/deposits/dp_test/"


def test_a_failing_handler_is_tried_again_and_does_not_stop_the_others(player: Player) -> None:
    bus.deliver_due()
    with transaction.atomic():
        bus.publish(WithdrawalPaid(**{**facts(player, "withdrawal"), "player_id": 0}))
        bus.publish(WithdrawalPaid(**facts(player, "withdrawal")))

    bus.deliver_due()

    failed, done = Delivery.objects.order_by("-id")[:2][::-1]
    assert (failed.state, failed.tries) == (Delivery.State.WAITING, 1)
    assert done.state == Delivery.State.DONE


@pytest.mark.django_db(transaction=True)
def test_events_are_published_inside_a_transaction_only(player: Player) -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        bus.publish(DepositConfirmed(**facts(player, "deposit")))


def test_a_tab_that_was_away_gets_what_it_missed_in_order(player: Player) -> None:
    first, second, third = [
        services.notify(player.pk, kind="info", title=str(number)) for number in range(3)
    ]

    assert services.missed(player.pk, first.pk) == [second, third]


def test_the_page_shows_own_notices_and_marks_them_read(
    player: Player, other_player: Player, client: Client
) -> None:
    services.notify(player.pk, kind="info", title="For alice")
    services.notify(other_player.pk, kind="info", title="For bob")
    client.force_login(player.user)

    page = client.get("/notices/").content.decode()

    assert "For alice" in page
    assert "For bob" not in page
    assert not Notice.objects.filter(player=player, read_at=None).exists()
    assert Notice.objects.filter(player=other_player, read_at=None).exists()
