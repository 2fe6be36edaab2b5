"""Player 360: one stream of everything, and what staff may do from there."""

import itertools
import re

import pytest

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.errors import InvalidInput
from apps.ledger.models import Block, Entry, Wallet
from apps.operator import timeline
from apps.payments.models import Deposit
from apps.payments.services.withdrawals import reject
from tests.operator.factories import World, make_player, make_staff, play, signed_in

pytestmark = pytest.mark.django_db


def whole_stream(player: Player, *, shown: str = "") -> list[timeline.Item]:
    items: list[timeline.Item] = []
    mark = ""
    while True:
        page = timeline.page(player, shown=shown, mark=mark)
        items += page.items
        mark = page.next_mark
        if not mark:
            return items


def test_pages_of_the_timeline_show_everything_once(world: World) -> None:
    for _ in range(60):
        play(world.player, "0.001", "0.001")

    items = whole_stream(world.player)

    shown = [(item.source, item.id) for item in items]
    assert len(shown) == len(set(shown))
    entries = set(Entry.objects.filter(wallet__player=world.player).values_list("pk", flat=True))
    assert {number for source, number in shown if source == "money"} == entries
    assert {source for source, _ in shown} >= {
        "money",
        "deposits",
        "withdrawals",
        "sessions",
        "audit",
    }
    assert all(later.at >= earlier.at for later, earlier in itertools.pairwise(items))


def test_what_is_written_meanwhile_does_not_shift_the_pages(world: World) -> None:
    for _ in range(40):
        play(world.player, "0.001", "0.001")
    first = timeline.page(world.player)
    play(world.player, "0.001", "0.001")

    second = timeline.page(world.player, mark=first.next_mark)

    seen = {(item.source, item.id) for item in first.items}
    assert not seen & {(item.source, item.id) for item in second.items}


def test_a_kind_is_shown_alone(world: World) -> None:
    assert {item.source for item in whole_stream(world.player, shown="deposits")} == {"deposits"}


def test_what_staff_decided_about_a_withdrawal_is_in_its_players_stream_alone(
    world: World,
) -> None:
    other = make_player()
    reject(withdrawal=world.withdrawal, by=make_staff("finance"), reason="Name does not match")

    titles = [item.title for item in whole_stream(world.player, shown="audit")]
    theirs = [item.title for item in whole_stream(other, shown="audit")]

    assert titles.count("Withdrawal rejected") == 1
    assert "Withdrawal rejected" not in theirs


def test_the_timeline_of_another_player_is_not_in_it(world: World) -> None:
    other = make_player()

    assert {item.source for item in whole_stream(other)} == {"audit"}


@pytest.mark.parametrize("mark", ["x-1", "money-a", "money", "money--1", "money-²"])
def test_a_mark_that_is_not_ours_is_refused(world: World, mark: str) -> None:
    with pytest.raises(InvalidInput):
        timeline.page(world.player, mark=mark)


def test_the_address_is_masked_until_revealed_and_each_look_is_kept(world: World) -> None:
    user = make_staff("support")
    client = signed_in(user)
    page = f"/operator/players/{world.player.pk}/"
    email = world.player.user.email

    before = client.get(page).content.decode()
    by_link = client.get(f"{page}reveal/")
    revealed = client.post(f"{page}reveal/").content.decode()
    after = client.get(page).content.decode()

    assert email not in before
    assert by_link.status_code == 405
    assert email in revealed
    assert email not in after
    record = Record.objects.get(action="player.identity_revealed")
    assert (record.actor_id, record.subject_id) == (str(user.pk), str(world.player.pk))


def test_a_status_is_changed_with_a_reason_and_stops_play(world: World) -> None:
    client = signed_in(make_staff("finance"))
    address = f"/operator/players/{world.player.pk}/status/"

    refused = client.post(address, {"status": "suspended", "reason": " "})
    done = client.post(address, {"status": "suspended", "reason": "Shared account"})

    assert (refused.status_code, done.status_code) == (422, 302)
    world.player.refresh_from_db()
    assert world.player.status == Player.Status.SUSPENDED
    assert set(Wallet.objects.filter(player=world.player).values_list("blocks", flat=True)) == {
        Block.PLAY | Block.DEPOSIT
    }
    record = Record.objects.get(action="player.status_changed")
    assert (record.before, record.after) == ({"status": "active"}, {"status": "suspended"})


def test_lines_lead_only_where_the_role_may_go(world: World) -> None:
    page = f"/operator/players/{world.player.pk}/"

    support = signed_in(make_staff("support")).get(page).content.decode()
    finance = signed_in(make_staff("finance")).get(page).content.decode()

    assert "/operator/entries/" not in support
    assert "/operator/queue/wd_" in support
    assert "/operator/entries/" in finance


def test_an_unknown_status_is_refused(world: World) -> None:
    client = signed_in(make_staff("finance"))

    answer = client.post(
        f"/operator/players/{world.player.pk}/status/", {"status": "banned", "reason": "No"}
    )

    assert answer.status_code == 422
    world.player.refresh_from_db()
    assert world.player.status == Player.Status.ACTIVE


def test_the_page_shows_balances_and_payments(world: World) -> None:
    page = signed_in(make_staff("support")).get(f"/operator/players/{world.player.pk}/")

    text = page.content.decode()
    assert "0.47400000" in text  # 0.5 deposited, 0.006 lost, 0.02 reserved
    assert re.search(r"0\.50000000</span> <span class=\"ops-meta\">\(1\)", text)
    assert Deposit.objects.get().public_id


def test_players_are_found_by_what_people_paste(world: World) -> None:
    client = signed_in(make_staff("support"))
    player = world.player
    make_player()

    for term in (player.public_id, str(player.pk), player.user.email.upper(), player.display_name):
        found = client.get("/operator/accounts/player/", {"q": term}).context_data["cl"].queryset
        assert list(found) == [player], term
