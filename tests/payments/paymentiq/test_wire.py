"""PaymentIQ's JSON in and out, without a database."""

from datetime import date
from decimal import Decimal

import pytest

from apps.core.errors import DomainError
from apps.core.money import Currency, Money
from apps.payments.errors import DepositRefused
from apps.payments.providers.base import Outcome, TransactionKind
from apps.payments.providers.paymentiq import wire
from apps.payments.services.cashier import Payer
from apps.payments.services.fiat import Verdict
from apps.wallet.errors import InsufficientFunds

EUR = Currency("EUR", 2, "fiat", "€", "Euro", 2)
TRANSFER = {
    "userId": "pl_abc-EUR",
    "txId": 26720,
    "txAmount": "-50.25",
    "txAmountCy": "EUR",
    "txTypeId": 108,
    "txName": "CreditcardWithdrawal",
    "provider": "BamboraGa",
    "originTxId": None,
    "maskedAccount": "411812******2410",
    "pspRefId": "ab12",
    "fee": "1.00",
    "somethingNew": {"a": [1]},
}


def test_a_transaction_is_read_with_its_sign_and_without_what_is_absent():
    found = wire.move(TRANSFER)

    assert (found.outside_ref, found.player_ref, found.code) == ("26720", "pl_abc", "EUR")
    assert (found.amount, found.fee) == (Decimal("-50.25"), Decimal("1.00"))
    assert (found.kind, found.method) == (TransactionKind.WITHDRAWAL, "card")
    assert (found.origin_ref, found.account) == ("", "411812******2410")


@pytest.mark.parametrize("written", ["100.50", 100.5, 7, "0.01", "-3"])
def test_amounts_come_as_text_or_as_numbers(written):
    body = wire.encode({**TRANSFER, "txAmount": written})

    assert wire.move(wire.decode(body)).amount == Decimal(str(written))


@pytest.mark.parametrize(
    "written",
    ['"1e3"', "1e3", '"1,000.00"', '" 5"', '"+5"', '"NaN"', "NaN", "Infinity", '"0x10"', '""',
     "null", "true", '"5."', '".5"', '"--5"', '"٥"', "1.0000000000000000001", "[]", "{}"],
)  # fmt: skip
def test_an_amount_that_is_not_plain_is_refused(written):
    body = wire.encode(TRANSFER).replace(b'"-50.25"', written.encode())

    with pytest.raises(wire.WireError):
        wire.move(wire.decode(body))


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"a"', b"null", b'{"txId":1,"txId":2}', b"\xff\xfe", b"[" * 100_000],
)
def test_what_is_not_one_object_is_refused(body):
    with pytest.raises(wire.WireError):
        wire.decode(body)


@pytest.mark.parametrize(
    "change",
    [
        {"userId": None},
        {"userId": "x" * 51},
        {"userId": "pl abc"},
        {"txId": None},
        {"txId": "1; drop"},
        {"txId": True},
        {"txAmountCy": "eur"},
        {"txAmountCy": None},
        {"provider": {"a": 1}},
        {"maskedAccount": "a\x00b"},
        {"txName": "x" * 256},
    ],
)
def test_a_field_that_cannot_be_is_refused(change):
    with pytest.raises(wire.WireError):
        wire.move({**TRANSFER, **change})


@pytest.mark.parametrize("name", ["txTypeId", "txName", "provider"])
def test_a_question_needs_every_required_field_and_a_transfer_does_not(name):
    short = {**TRANSFER, name: None}

    with pytest.raises(wire.WireError):
        wire.move(short, is_question=True)
    assert wire.move(short).amount == Decimal("-50.25")


def test_a_question_in_another_currency_than_the_account_is_refused():
    with pytest.raises(wire.WrongCurrency):
        wire.move({**TRANSFER, "txAmountCy": "USD"}, is_question=True)


def test_the_old_spelling_of_a_cancels_currency_is_understood():
    old = {**TRANSFER, "txAmountCy": None, "txCurrency": "EUR"}

    assert wire.move(old).code == "EUR"


@pytest.mark.parametrize(
    ("name", "kind", "method"),
    [
        ("CreditcardDeposit", "deposit", "card"),
        ("BankIBANWithdrawal", "withdrawal", "bank"),
        ("NetellerDeposit", "deposit", "wallet"),
        ("Refund", "refund", ""),
        ("ManualRefund", "refund", ""),
        ("Void", "refund", ""),
        ("ManualChargeback", "chargeback", ""),
        ("Reversal", "other", ""),
        ("Capture", "other", ""),
    ],
)
def test_the_name_hints_at_kind_and_method(name, kind, method):
    assert (wire.kind_of(name), wire.method_of(name)) == (TransactionKind(kind), method)


@pytest.mark.parametrize(
    ("status", "pending"),
    [("304", True), (210, True), ("WAITING_WITHDRAWAL_CONFIRMATION", True), ("0", False),
     (None, False), ("402", False)],
)  # fmt: skip
def test_a_transfer_may_say_that_it_is_not_final(status, pending):
    document = wire.decode(wire.encode({"statusCode": status}))

    assert wire.is_pending(document) is pending


def test_an_answer_has_decimals_as_numbers_and_three_letters_of_the_country():
    who = Payer(
        public_id="pl_abc",
        first_name="Åsa",
        last_name="Öberg",
        email="asa@example.com",
        born_on=date(1990, 5, 17),
        country="SE",
        rank=2,
        kyc_level=1,
        balance=Money(123450, EUR),
        is_active=True,
    )

    body = wire.encode(wire.payer("pl_abc-EUR", who, with_person=True))
    assert b'"balance":1234.50,' in body
    found = wire.decode(body)
    assert (found["country"], found["dob"], found["sex"]) == ("SWE", "1990-05-17", "UNKNOWN")
    assert (found["locale"], found["kycStatus"], found["userCat"]) == (
        "en_SE",
        "Approved",
        "RANK_2",
    )
    nameless = wire.payer("pl_abc-EUR", who, with_person=False)
    assert not {"firstName", "lastName", "email", "dob"} & set(nameless)


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (InsufficientFunds(), "110"),
        (DepositRefused("too_many_failures"), "121"),
        (DepositRefused("day_sum"), "120"),
        (DomainError(), "199"),
    ],
)
def test_every_refusal_has_a_number_and_names_nobody(error, number):
    said = wire.answer("authorize", "pl_abc-EUR", "1", Verdict("", error))

    assert (said["success"], said["errCode"]) == (False, number)
    assert set(said) == {"userId", "success", "errCode", "errMsg"}


def test_every_country_of_a_method_has_three_letters():
    assert [wire.alpha_3(code) for code in ("DE", "PT", "CA", "GB", "JP", "BR", "CZ", "??")] == [
        "DEU", "PRT", "CAN", "GBR", "JPN", "BRA", "CZE", "",
    ]  # fmt: skip


def test_a_line_of_their_book_is_read():
    row = {
        "id": "26720",
        "userId": "pl_abc-EUR",
        "txAmount": "-50.00",
        "txAmountCy": "EUR",
        "txName": "Refund",
        "originTxId": "26719",
        "state": "SUCCESSFUL",
        "statusCode": "0",
        "merchantTxId": "dp_abc",
        "updated": "2026-11-25T10:00:00+00:00",
    }

    line = wire.statement_row(row)
    assert (line.kind, line.amount, line.reference) == ("reversal", Decimal("50.00"), "dp_abc")
    assert wire.found_move(row).outcome is Outcome.MOVED
    assert wire.found_move({**row, "state": "SOMETHING"}).outcome is Outcome.UNCLEAR
