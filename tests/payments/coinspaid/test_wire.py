"""Reading what CoinsPaid sends: every type trap of its published samples."""

from decimal import Decimal

import pytest

from apps.payments.providers.base import DepositStatus, PayoutStatus
from apps.payments.providers.coinspaid import wire
from tests.payments.factories import recorded


def deposit(name: str):
    return wire.deposit_report(wire.decode(recorded(name)))


def payout(name: str):
    return wire.payout_report(wire.decode(recorded(name)))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("deposit_not_confirmed", DepositStatus.SEEN),
        ("deposit_confirmed", DepositStatus.CONFIRMED),
        ("deposit_cancelled", DepositStatus.CANCELLED),
        ("deposit_cancelled_below_minimum", DepositStatus.CANCELLED),
    ],
)
def test_statuses_of_deposits(name, status):
    assert deposit(name).status is status


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("withdrawal_processing", PayoutStatus.PROCESSING),
        ("withdrawal_pending", PayoutStatus.HELD),
        ("withdrawal_confirmed", PayoutStatus.PAID),
        ("withdrawal_instant_confirmed", PayoutStatus.PAID),
        ("withdrawal_declined", PayoutStatus.REFUSED),
        ("withdrawal_cancelled", PayoutStatus.REFUSED),
        ("withdrawal_failed", PayoutStatus.REFUSED),
        ("withdrawal_unknown_status", PayoutStatus.UNRECOGNISED),
    ],
)
def test_statuses_of_withdrawals(name, status):
    assert payout(name).status is status


@pytest.mark.parametrize(
    ("name", "gross", "net", "confirmations"),
    [
        ("deposit_confirmed", "0.01000000", "0.00992000", 1),
        ("deposit_confirmed_bare_numbers", "0.01000000", "0.00992000", 3),
        ("deposit_confirmed_whole_number", "381", "380", 9),
        ("deposit_confirmed_instantly", "0.01000000", "0.00992000", 0),
        ("deposit_exchange_confirmed", "600.12345678", "591.12160493", 1),
    ],
)
def test_amounts_keep_every_digit_whatever_type_they_came_in(name, gross, net, confirmations):
    report = deposit(name)

    assert (report.gross, report.net) == (Decimal(gross), Decimal(net))
    assert str(report.gross) == gross
    assert report.confirmations == confirmations
    assert report.outside_ref == "5000001"


def test_gross_or_net_is_one_setting(settings):
    assert deposit("deposit_confirmed").credit == Decimal("0.01")

    settings.COINSPAID_CREDIT = "net"

    assert deposit("deposit_confirmed").credit == Decimal("0.00992")


def test_the_received_coin_counts_not_the_sent_one():
    assert deposit("deposit_exchange_confirmed").provider_code == "EUR"
    assert deposit("deposit_cross_currency_confirmed").provider_code == "USDTE"


def test_a_withdrawal_may_come_without_amounts():
    assert payout("withdrawal_confirmed_without_amounts").amount is None
    assert payout("withdrawal_cancelled").amount is None
    assert payout("withdrawal_confirmed_bare_numbers").amount == Decimal("0.02")
    assert payout("withdrawal_cancelled").txid == ""


def test_an_id_of_ours_may_come_back_as_a_number():
    body = recorded("withdrawal_confirmed", foreign_id=164)

    assert wire.payout_report(wire.decode(body)).reference == "164"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"id":1,"type":"deposit"',
        b'{"id":NaN}',
        b'{"id":1,"amount":1e5}',
        b'{"id":1,"amount":-0.5}',
        b'{"id":1,"amount":Infinity}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_plain_json_is_refused(body):
    with pytest.raises(wire.WireError):
        wire.decode(body)


@pytest.mark.parametrize(
    "amount", ["-1", "+1", "1e5", "NaN", "", " 1", "1,5", "0x10", "１", None, True, [], "1" * 40]
)
def test_odd_amounts_are_refused(amount):
    body = recorded("deposit_confirmed", currency_received={"amount": amount})

    with pytest.raises(wire.WireError):
        wire.deposit_report(wire.decode(body))


@pytest.mark.parametrize("field", ["crypto_address", "currency_received", "status", "id"])
def test_a_deposit_without_what_it_needs_is_refused(field):
    body = recorded("deposit_confirmed", **{field: None})

    with pytest.raises(wire.WireError):
        wire.deposit_report(wire.decode(body))


def test_a_net_above_the_gross_is_refused():
    body = recorded("deposit_confirmed", currency_received={"amount_minus_fee": "0.02"})

    with pytest.raises(wire.WireError):
        wire.deposit_report(wire.decode(body))
