"""Amounts are cut and never rounded up; the exact value stays in reach."""

import pytest
from django.template import Context, Template

from apps.core.money import Currency, Money
from apps.site.formatting import amount_text

BTC = Currency("BTC", 8, "crypto", "₿", "bitcoin", 8)
ETH = Currency("ETH", 18, "crypto", "Ξ", "ether", 8)
EUR = Currency("EUR", 2, "fiat", "€", "euro", 2)
JPY = Currency("JPY", 0, "fiat", "¥", "yen", 0)


@pytest.mark.parametrize(
    ("amount", "currency", "shown", "full"),
    [
        ("0.042188", BTC, "0.04218800", "0.04218800 BTC"),
        ("1234567.5", BTC, "1,234,567.50000000", "1,234,567.50000000 BTC"),
        ("0.123456789999999999", ETH, "0.12345678", "0.123456789999999999 ETH"),
        ("1250.05", EUR, "1,250.05", "1,250.05 EUR"),
        ("1500", JPY, "1,500", "1,500 JPY"),
        ("0", EUR, "0.00", "0.00 EUR"),
    ],
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(
    amount: str, currency: Currency, shown: str, full: str
) -> None:
    text = amount_text(Money.parse(amount, currency))

    assert (text.shown, text.full) == (shown, full)


def test_prose_drops_trailing_zeros_of_crypto_only() -> None:
    assert amount_text(Money.parse("0.5", BTC), trim=True).shown == "0.5"
    assert amount_text(Money.zero(BTC), trim=True).shown == "0"
    assert amount_text(Money.parse("5", EUR), trim=True).shown == "5.00"


def test_signs_use_the_real_minus() -> None:
    amount = Money.parse("18.20", EUR)

    assert amount_text(-amount).shown == "\u221218.20"
    assert amount_text(amount, signed=True).shown == "+18.20"
    assert amount_text(Money.zero(EUR), signed=True).shown == "0.00"


def test_compact_amounts_are_cut_not_rounded() -> None:
    assert amount_text(Money.parse("1999999.99", EUR), compact=True).shown == "1.99M"
    assert amount_text(Money.parse("99999.99", EUR), compact=True).shown == "99,999.99"


def test_the_money_tag_carries_the_exact_value_and_follows_frames() -> None:
    html = Template("{% load ui %}{% money value live=True version=7 %}").render(
        Context({"value": Money.parse("0.1", BTC)})
    )

    assert 'value="0.10000000"' in html
    assert 'data-balance="BTC" data-version="7" data-decimals="8"' in html
    assert "<b>0.10000000</b>" in html
    assert 'aria-label="bitcoin"' in html
