"""Whose wallet coins go to: asked above an amount, kept sealed, read with a reason."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from apps.accounts.services import create_api_key
from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.payments import addressbook, travel_rule
from apps.payments.errors import OwnerNeeded
from apps.payments.models import PayerName, SavedAddress, WalletOwner, Withdrawal
from apps.payments.services import withdrawals
from tests.conftest import PASSWORD
from tests.operator.factories import make_staff, signed_in
from tests.payments.factories import (
    OTHER_ADDRESS,
    WALLET_ADDRESS,
    btc,
    picture,
    rail,
    request_withdrawal,
)
from tests.rates.factories import set_rates

pytestmark = pytest.mark.django_db

HOSTED = travel_rule.Owner("hosted", "Alice O'Neill", "Kraken")
SAID = {"owner_wallet": "hosted", "owner_name": "Alice O'Neill", "owner_provider": "Kraken"}


@pytest.fixture(autouse=True)
def _asked_above_a_thousand(settings, player, fund):
    settings.TRAVEL_RULE_ABOVE = 1000
    set_rates(BTC="50000")
    fund(player, "0.1", "BTC")


def wish(player, amount, key="key-1", owner=None, address=WALLET_ADDRESS) -> Withdrawal:
    return withdrawals.request_withdrawal(
        player=player, amount=btc(amount), rail=rail(), address=address, key=key, owner=owner
    )


@pytest.mark.rule("AML-13")
def test_it_is_asked_above_the_amount_and_nothing_moves_without(player):
    assert wish(player, "0.019", key="small").owner is None
    before = picture()

    with pytest.raises(OwnerNeeded) as refused:
        wish(player, "0.0200001", address=OTHER_ADDRESS)

    assert refused.value.code == "owner_needed"
    assert picture() == before


def test_parts_of_one_day_are_taken_together(player):
    wish(player, "0.012", key="first")
    assert travel_rule.is_needed(player, rail(), btc("0.009"))
    Withdrawal.objects.update(created_at=now() - timedelta(hours=24, seconds=1))
    assert not travel_rule.is_needed(player, rail(), btc("0.009"))


def test_exactly_the_amount_is_not_above_it_and_the_unknown_is(player, settings):
    assert not travel_rule.is_needed(player, rail(), btc("0.02"))
    assert not travel_rule.is_needed(player, rail("EUR"), btc("0.05"))
    assert travel_rule.is_needed(player, rail("LTC"), btc("0.0001"))
    settings.TRAVEL_RULE_ABOVE = 0
    assert not travel_rule.is_needed(player, rail(), btc("0.1"))


@pytest.mark.rule("AML-13")
def test_what_is_told_stays_with_the_address_and_is_asked_once(player):
    first = wish(player, "0.03", owner=HOSTED)
    again = wish(player, "0.03", key="key-2")

    assert first.owner == again.owner == SavedAddress.objects.get().owner
    assert travel_rule.of(again.owner) == HOSTED
    assert WalletOwner.objects.count() == 1


def test_a_correction_is_a_new_row_and_the_old_payout_keeps_its_own(player):
    first = wish(player, "0.03", owner=HOSTED)
    own = travel_rule.Owner("own", "Alice O'Neill")
    second = wish(player, "0.03", key="key-2", owner=own)

    assert travel_rule.of(first.owner) == HOSTED
    assert travel_rule.of(second.owner) == own


def test_the_names_are_neither_in_the_table_nor_in_the_trail(player):
    made = wish(player, "0.03", owner=HOSTED)

    assert b"Neill" not in bytes(made.owner.sealed)
    assert "Neill" not in str(list(Record.objects.values_list("after", "before", "reason")))
    call_command("rotate_field_keys", verbosity=0)
    made.owner.refresh_from_db()
    assert travel_rule.of(made.owner) == HOSTED


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"wallet": "", "name": "Alice"}, "owner_wallet"),
        ({"wallet": "mine", "name": "Alice"}, "owner_wallet"),
        ({"wallet": "own", "name": ""}, "owner_name"),
        ({"wallet": "own", "name": "4lice\x00"}, "owner_name"),
        ({"wallet": "own", "name": "A" * 161}, "owner_name"),
        ({"wallet": "hosted", "name": "Alice", "provider": ""}, "owner_provider"),
        ({"wallet": "hosted", "name": "Alice", "provider": "x" * 81}, "owner_provider"),
    ],
)
def test_half_an_answer_is_refused_next_to_its_field(said, field):
    with pytest.raises(InvalidInput) as refused:
        travel_rule.read(**said)
    assert list(refused.value.fields) == [field]


def test_the_page_asks_only_when_it_must_and_then_goes_on(client, player):
    PayerName.objects.create(player=player, first_name="Alice", last_name="O'Neill", set_at=now())
    client.force_login(player.user)
    data = {"rail": "BTC", "address": WALLET_ADDRESS, "key": "a-key", "password": PASSWORD}

    def post(**changes):
        return client.post("/wallet/withdraw/", data | changes)

    assert "Whose wallet" not in post(amount="0.01", step="review").content.decode()
    asked = post(amount="0.03", step="review")
    assert asked.status_code == 422
    assert "Whose wallet is it?" in asked.content.decode()
    assert 'value="Alice O&#x27;Neill"' in asked.content.decode()
    review = post(amount="0.03", step="review", **SAID)
    assert "Alice O&#x27;Neill, at Kraken" in review.content.decode()
    assert post(amount="0.03", step="confirm", **SAID).status_code == 302
    assert travel_rule.of(Withdrawal.objects.get().owner) == HOSTED
    assert "at Kraken" in client.get("/wallet/addresses/").content.decode()
    known = post(amount="0.03", step="review", key="b-key")
    assert known.status_code == 200


def test_the_api_asks_by_a_code_and_takes_the_answer(player):
    addressbook.save(player=player, rail=rail(), address=WALLET_ADDRESS)
    key, _ = create_api_key(player=player, name="bot", scopes=["read", "money"])
    api = APIClient()
    api.force_authenticate(player.user, token=key)
    body = {"amount": "0.03", "currency": "BTC", "rail": "BTC", "address": WALLET_ADDRESS}

    def ask(**more):
        headers = {"Idempotency-Key": f"k{len(more)}"}
        return api.post("/api/v1/withdrawals/", body | more, format="json", headers=headers)

    refused = ask()
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "owner_needed")
    assert ask(owner_wallet="hosted", owner_name="Alice").status_code == 400
    assert ask(**SAID).status_code == 201


def test_finance_reads_it_with_a_reason_and_nobody_else_does(player):
    made = wish(player, "0.03", owner=HOSTED)
    path = f"/operator/queue/{made.public_id}/owner/"
    desk = signed_in(make_staff("finance"))

    assert "Neill" not in desk.get(f"/operator/queue/{made.public_id}/").content.decode()
    assert "Neill" not in desk.post(path, {"reason": ""}).content.decode()
    assert not Record.objects.filter(action="withdrawal.owner_revealed").exists()
    shown = desk.post(path, {"reason": "The bank asks."}).content.decode()
    assert "Alice O&#x27;Neill" in shown
    assert "Kraken" in shown
    [record] = Record.objects.filter(action="withdrawal.owner_revealed")
    assert record.reason == "The bank asks."
    assert signed_in(make_staff("support")).get(path).status_code == 403
    plain = request_withdrawal(player, "0.001", key="plain")
    Withdrawal.objects.filter(pk=plain.pk).update(owner=None)
    none = desk.post(f"/operator/queue/{plain.public_id}/owner/", {"reason": "x"})
    assert none.status_code == 200
    assert Record.objects.filter(action="withdrawal.owner_revealed").count() == 1
