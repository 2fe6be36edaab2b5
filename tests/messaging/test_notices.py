"""What happened elsewhere becomes a notice, once, and a tab that was away catches up."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from apps.accounts.models import Player
from apps.core.mail import KIND_HEADER
from apps.events import bus
from apps.events.models import Delivery
from apps.messaging import services
from apps.messaging.models import Notice
from apps.payments.events import (
    DepositConfirmed,
    DepositHeld,
    DepositRefunded,
    DepositReversed,
    WithdrawalPaid,
)

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


@pytest.mark.parametrize(
    ("event", "more", "title", "text", "kind"),
    [
        (DepositConfirmed, {"was_held": True}, "Deposit released", "is in your balance.",
         "deposit_released"),
        (DepositHeld, {}, "Deposit set aside", "arrived above one of the limits. Our payments team "
         "looks at it.", "deposit_held"),
        (DepositRefunded, {}, "Deposit sent back", "went back to where it came from.",
         "deposit_refunded"),
        (DepositReversed, {"owed": "0.05000000"}, "Deposit taken back", "was taken back by your bank "
         "or payment provider. Your balance is short of 0.05 BTC now.", "deposit_reversed"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_deposit_is_told_here_and_by_mail(
    player: Player, event: Any, more: dict[str, object], title: str, text: str, kind: str
) -> None:
    bus.deliver_due()
    mail.outbox.clear()
    with transaction.atomic():
        bus.publish(event(**facts(player, "deposit"), **more))
    bus.deliver_due()
    bus.deliver_due()

    assert Notice.objects.get(player=player, title=title).text == f"0.1 BTC {text}"
    [message] = mail.outbox
    assert message.extra_headers[KIND_HEADER] == kind
    assert "0.1 BTC" in str(message.body)
    assert ("short of 0.05 BTC" in str(message.body)) == bool(more.get("owed"))


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


def test_the_page_shows_own_notices_by_day_and_by_what_they_are_about(
    player: Player, other_player: Player, client: Client
) -> None:
    old = services.notify(player.pk, kind="info", title="Long ago", category="play")
    Notice.objects.filter(pk=old.pk).update(created_at=datetime(2026, 1, 5, 12, tzinfo=UTC))
    services.notify(player.pk, kind="success", title="Money came", category="money")
    services.notify(other_player.pk, kind="info", title="For bob")
    client.force_login(player.user)

    every = client.get("/notices/").content.decode()
    money = client.get("/notices/?show=money").content.decode()
    odd = client.get("/notices/?show=nonsense&before=x").content.decode()

    assert "Today" in every
    assert "5 January 2026" in every
    assert "Long ago" in every
    assert "For bob" not in every
    assert "Money came" in money
    assert "Long ago" not in money
    assert "Long ago" in odd
    assert Notice.objects.filter(read_at=None).count() == 3, "to look at a list is not to read it"


def test_a_notice_is_read_by_following_it_and_by_its_owner_only(
    player: Player, other_player: Player, client: Client
) -> None:
    notice = services.notify(player.pk, kind="info", title="x", href="/wallet/")
    away = services.notify(player.pk, kind="info", title="y", href="https://elsewhere.example/")
    client.force_login(other_player.user)
    assert client.get(f"/notices/{notice.pk}/").status_code == 404

    client.force_login(player.user)
    assert client.get(f"/notices/{notice.pk}/")["Location"] == "/wallet/"
    assert client.get(f"/notices/{away.pk}/")["Location"] == "/notices/"
    assert services.unread(player.pk) == 0


def test_all_are_marked_read_at_once(player: Player, other_player: Player, client: Client) -> None:
    for who in (player, player, other_player):
        services.notify(who.pk, kind="info", title="x")
    client.force_login(player.user)
    assert "Notices, 2 new" in client.get("/wallet/").content.decode()
    assert client.get("/notices/read/").status_code == 405

    client.post("/notices/read/")

    assert services.unread(player.pk) == 0
    assert services.unread(other_player.pk) == 1


def test_older_notices_are_a_click_away(player: Player, client: Client) -> None:
    Notice.objects.bulk_create(
        Notice(player=player, kind="info", category="money", title=f"Number {number:02}")
        for number in range(60)
    )
    client.force_login(player.user)

    page = client.get("/notices/?show=money").content.decode()
    more = re.search(r'href="\?(show=money&amp;before=\d+)"', page)
    assert more is not None
    rest = client.get("/notices/?" + more[1].replace("&amp;", "&")).content.decode()

    assert page.count("Number ") >= 50
    assert "Number 59" in page
    assert "Number 09" in rest
    assert "Number 10" not in rest
    assert "Older notices" not in rest
