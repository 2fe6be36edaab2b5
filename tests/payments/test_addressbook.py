"""Saved addresses, their wait, the switch, and the link for "this was not me"."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail, signing

from apps.accounts.models import User
from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.events import bus
from apps.messaging.models import Notice
from apps.payments import addressbook, guard
from apps.payments.errors import (
    AddressNotUsable,
    InvalidAddress,
    LinkUsed,
    PayoutsFrozen,
    StillHeld,
    WithdrawalBlocked,
)
from apps.payments.models import Invoice, NotMeLink, SavedAddress, Withdrawal
from apps.payments.services import payouts, queue, withdrawals
from tests.payments.factories import (
    DEPOSIT_ADDRESS,
    OTHER_ADDRESS,
    WALLET_ADDRESS,
    btc,
    cash,
    in_parallel,
    make_address,
    picture,
    rail,
    request_withdrawal,
    reserved,
)

pytestmark = pytest.mark.django_db

HOURS_24 = timedelta(hours=24)


@pytest.fixture(autouse=True)
def _waits(settings, player, fund):
    settings.PAYOUT_ADDRESS_DELAY_HOURS = 24
    fund(player, "0.05", "BTC")


def save(player, address=WALLET_ADDRESS, **kwargs) -> SavedAddress:
    return addressbook.save(player=player, rail=rail(), address=address, **kwargs)


def waited(address: SavedAddress) -> None:
    SavedAddress.objects.filter(pk=address.pk).update(usable_at=now())


def link_of(player) -> str:
    link = NotMeLink.objects.filter(player=player).latest("pk")
    return addressbook.not_me_path(link.pk).rstrip("/").rpartition("/")[2]


# ---- the book ----------------------------------------------------------------------------------


def test_a_new_address_waits_and_is_on_the_record(player):
    made = save(player, label="Hardware wallet")

    assert made.usable_at - made.created_at == HOURS_24
    assert [str(one) for one in addressbook.saved(player)] == ["Hardware wallet"]
    assert Record.objects.get(action="payout_address.added").after["address"] == WALLET_ADDRESS


def test_saving_it_again_is_the_same_address_with_the_same_wait(player):
    first = save(player)
    before = picture()

    assert save(player, WALLET_ADDRESS.upper()).pk == first.pk
    assert picture() == before


@pytest.mark.parametrize(
    "text", ["", "nonsense", WALLET_ADDRESS[:-1] + "5", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"]
)
def test_an_address_of_another_network_or_none_is_refused(player, text):
    before = picture()

    with pytest.raises(InvalidAddress):
        save(player, text)

    assert picture() == before


@pytest.mark.rule("PAY-15")
def test_our_own_addresses_are_refused(player, other_player):
    make_address(other_player)

    with pytest.raises(InvalidAddress):
        save(player, DEPOSIT_ADDRESS)


def test_a_tag_where_the_network_has_none_and_a_long_name_are_refused(player):
    with pytest.raises(InvalidAddress):
        save(player, tag="7")
    with pytest.raises(InvalidInput):
        save(player, label="x" * 41)


def test_a_removed_address_is_gone_and_comes_back_with_a_new_wait(player):
    made = save(player)
    waited(made)

    addressbook.remove(player, made.public_id)
    again = save(player)

    assert again.pk != made.pk
    assert again.usable_at > now()
    with pytest.raises(NotFound):
        addressbook.remove(player, made.public_id)


def test_somebody_elses_address_is_not_there(player, other_player):
    made = save(player)

    with pytest.raises(NotFound):
        addressbook.remove(other_player, made.public_id)


# ---- being paid to it --------------------------------------------------------------------------


@pytest.mark.rule("PAY-14")
def test_a_withdrawal_to_a_new_address_sets_the_money_aside_and_waits(player, finance):
    made = request_withdrawal(player, "0.02")

    assert made.saved_address is not None
    assert made.held_until == made.saved_address.usable_at
    assert reserved(player) == Decimal("0.02")
    with pytest.raises(StillHeld):
        withdrawals.approve(made, finance, "Known player.")


def test_the_wait_ends_to_the_second(player, finance):
    made = request_withdrawal(player, "0.02")
    assert made.held_until is not None

    queue.watch(at=made.held_until - timedelta(microseconds=1))
    made.refresh_from_db()
    assert made.held_until is not None
    queue.watch(at=made.held_until)
    made.refresh_from_db()

    assert made.held_until is None
    assert made.steps.filter(words__contains="wait for the new address is over").count() == 1
    assert withdrawals.approve(made, finance, "Known player.").state == "approved"


def test_the_decision_is_promised_from_the_end_of_the_wait(player):
    made = request_withdrawal(player, "0.02")

    assert made.decide_by == made.held_until + timedelta(hours=24)


def test_an_address_past_its_wait_is_paid_at_once(player):
    waited(save(player))

    assert request_withdrawal(player, "0.02").held_until is None


def test_with_the_switch_on_only_saved_addresses_past_their_wait_are_paid(player):
    guard.set_saved_only(player, on=True)
    before = picture()
    with pytest.raises(AddressNotUsable):
        request_withdrawal(player, "0.02")
    assert picture() == before

    made = save(player)
    before = picture()
    with pytest.raises(AddressNotUsable):
        request_withdrawal(player, "0.02")
    assert picture() == before

    waited(made)
    assert request_withdrawal(player, "0.02").held_until is None
    with pytest.raises(AddressNotUsable):
        request_withdrawal(player, "0.01", key="two", address=OTHER_ADDRESS)


def test_the_switch_is_on_the_record_both_ways(player):
    guard.set_saved_only(player, on=True)
    guard.set_saved_only(player, on=True)
    guard.set_saved_only(player, on=False)

    changes = Record.objects.filter(action="payouts.saved_only").order_by("pk")
    assert [one.after["saved_only"] for one in changes] == [True, False]


# ---- "not me" ----------------------------------------------------------------------------------


def test_the_player_is_told_on_the_site_and_by_mail(player):
    save(player)

    bus.deliver_due()

    assert Notice.objects.filter(player=player, title="New payout address").count() == 1
    assert len(mail.outbox) == 1
    message = mail.outbox[0]
    assert message.to == ["alice@example.com"]
    path = f"/wallet/not-me/{link_of(player)}/"
    assert f"https://casino.test{path}" in message.body
    assert path in message.alternatives[0].content
    assert WALLET_ADDRESS in message.body


@pytest.mark.rule("PAY-14")
def test_the_link_freezes_payouts_and_takes_approvals_back(player, finance, client):
    old = save(player, OTHER_ADDRESS)
    waited(old)
    approved = withdrawals.approve(
        request_withdrawal(player, "0.01", key="old", address=OTHER_ADDRESS), finance, "Known."
    )
    thief = save(player)
    token = link_of(player)

    assert client.get(f"/wallet/not-me/{token}/").status_code == 200  # mail programs open links
    assert not guard.is_frozen(player.pk)
    assert client.post(f"/wallet/not-me/{token}/").status_code == 200

    thief.refresh_from_db()
    approved.refresh_from_db()
    assert guard.is_frozen(player.pk)
    assert thief.removed_at is not None
    assert (approved.state, approved.approved_by, approved.due_at) == ("requested", None, None)
    assert approved.approvals.get().voided_at is not None
    assert payouts.send_due() == 0
    with pytest.raises(PayoutsFrozen):
        withdrawals.approve(approved, finance, "Again.")
    with pytest.raises(WithdrawalBlocked) as refused:
        request_withdrawal(player, "0.01", key="new", address=OTHER_ADDRESS)
    assert refused.value.code == "frozen"
    withdrawals.reject(approved, finance, "Not asked for by the player.")
    assert cash(player) == Decimal("0.05")


def test_the_link_works_once(player, client):
    save(player)
    path = f"/wallet/not-me/{link_of(player)}/"
    client.post(path)

    assert client.post(path).status_code == 409
    assert client.get(path).status_code == 409
    assert Record.objects.filter(action="payouts.frozen").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_link_pressed_many_times_at_once_works_once(player):
    save(player)
    token = link_of(player)

    results = in_parallel([lambda: withdrawals.disown_address(token)] * 4)

    assert sum(isinstance(one, LinkUsed) for one in results) == 3
    assert Record.objects.filter(action="payouts.frozen").count() == 1


@pytest.mark.parametrize(("seconds", "works"), [(-1, True), (0, False), (1, False)])
def test_the_link_ends_to_the_second(player, seconds, works):
    save(player)
    link = NotMeLink.objects.get(player=player)
    at = link.expires_at + timedelta(seconds=seconds)

    if works:
        assert addressbook.not_me(link_of(player), at=at).pk == link.pk
    else:
        with pytest.raises(LinkUsed):
            addressbook.not_me(link_of(player), at=at)


def test_a_link_that_was_forged_does_nothing(player, client):
    save(player)
    link = NotMeLink.objects.get(player=player)
    other_salt = signing.dumps(link.pk, salt="another")

    for token in ("x", str(link.pk), other_salt, link_of(player)[:-1] + "~"):
        assert client.post(f"/wallet/not-me/{token}/").status_code == 409
    assert not guard.is_frozen(player.pk)


def test_staff_open_payouts_with_a_reason(player, finance):
    withdrawals.freeze_payouts(player, because="Looks odd.", actor=finance)
    with pytest.raises(InvalidInput):
        guard.unfreeze(player, by=finance, reason=" ")

    guard.unfreeze(player, by=finance, reason="Spoke on the phone.")

    assert request_withdrawal(player, "0.02").state == "requested"
    assert Record.objects.get(action="payouts.unfrozen").reason == "Spoke on the phone."


# ---- the wait after a change of credentials ----------------------------------------------------


@pytest.mark.rule("PAY-14")
def test_a_new_password_stops_coins_for_a_day(player, client):
    client.force_login(player.user)
    answer = client.post(
        "/accounts/password/change/",
        {
            "oldpassword": "correct horse battery",
            "password1": "another long pass phrase",
            "password2": "another long pass phrase",
        },
    )
    assert answer.status_code == 302
    player.refresh_from_db()
    assert player.credentials_changed_at is not None
    before = picture()

    with pytest.raises(WithdrawalBlocked) as refused:
        request_withdrawal(player, "0.02")

    assert refused.value.code == "credentials_wait"
    assert picture() == before
    changed = player.credentials_changed_at
    assert guard.standing(player, at=changed + HOURS_24).waits_until is None
    almost = changed + HOURS_24 - timedelta(microseconds=1)
    assert guard.standing(player, at=almost).waits_until == changed + HOURS_24


def test_a_new_e_mail_address_stops_coins_as_well(player):
    user = User.objects.get(pk=player.pk)
    user.email = "thief@example.com"
    user.save()

    with pytest.raises(WithdrawalBlocked):
        request_withdrawal(player, "0.02")
    assert Record.objects.filter(action="player.email_changed").count() == 1


def test_saving_a_user_without_a_change_starts_no_wait(player):
    User.objects.get(pk=player.pk).save()

    player.refresh_from_db()
    assert player.credentials_changed_at is None
    assert request_withdrawal(player, "0.02").money == btc("0.02")
    assert Withdrawal.objects.count() == 1


# ---- addresses of our own ------------------------------------------------------------------------


def test_an_address_of_ours_is_refused_and_only_ones_own_is_named(player, other_player):
    own, theirs = make_address(player), make_address(other_player, text=OTHER_ADDRESS)
    for address, words in ((own, addressbook.OWN), (theirs, addressbook.INTERNAL)):
        before = picture()
        with pytest.raises(InvalidAddress) as refused:
            addressbook.save(player=player, rail=rail(), address=address.address)
        with pytest.raises(InvalidAddress) as asked:
            request_withdrawal(player, "0.02", address=address.address)
        assert refused.value.fields == asked.value.fields == {"address": words}
        assert picture() == before
    with pytest.raises(InvalidAddress) as refused:
        addressbook.save(player=player, rail=rail(), address=own.address.upper())
    assert refused.value.fields == {"address": addressbook.OWN}
    assert "vault" in addressbook.OWN
    assert "player" not in addressbook.INTERNAL


def test_the_address_of_an_invoice_is_ours_too_when_its_time_is_over(player, other_player):
    at = now()
    Invoice.objects.create(
        player=other_player, rail=rail(), currency_id="BTC", provider="coinspaid", key="k",
        state="failed", amount=1, remaining=1, address=OTHER_ADDRESS, created_at=at,
        updated_at=at, expires_at=at,
    )  # fmt: skip

    with pytest.raises(InvalidAddress) as refused:
        request_withdrawal(player, "0.02", address=OTHER_ADDRESS)
    assert refused.value.fields == {"address": addressbook.INTERNAL}
    Invoice.objects.update(player=player)
    with pytest.raises(InvalidAddress) as refused:
        request_withdrawal(player, "0.02", address=OTHER_ADDRESS)
    assert refused.value.fields == {"address": addressbook.OWN}
