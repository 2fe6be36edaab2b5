"""Rates in the back office: to read, and to set by hand with a reason."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from apps.rates import selectors
from apps.rates.models import Rate
from tests.operator.factories import make_staff, signed_in
from tests.rates.factories import set_rates

pytestmark = pytest.mark.django_db


def page(rate: Rate, name: str) -> str:
    return reverse(f"admin:rates_rate_{name}", args=[rate.pk])


def test_finance_sets_a_rate_by_hand_with_a_reason() -> None:
    rate = set_rates(BTC="60000")["BTC"]
    client = signed_in(make_staff("finance"))
    assert client.get(page(rate, "change")).status_code == 200

    wish: dict[str, Any] = {"value": "61000", "minutes": 30, "reason": ""}
    assert client.post(page(rate, "override"), wish).status_code == 422
    assert client.post(page(rate, "override"), wish | {"reason": "Late"}).status_code == 302

    newest = selectors.newest(["BTC"])["BTC"]
    assert (newest.value, newest.verdict, newest.reason) == (Decimal(61_000), "manual", "Late")
    assert client.post(page(newest, "end_override"), {"reason": "Mended"}).status_code == 302
    assert not selectors.prices(["BTC"])["BTC"].may_settle


def test_support_may_not() -> None:
    rate = set_rates(BTC="60000")["BTC"]
    client = signed_in(make_staff("support"))
    wish = {"value": "61000", "minutes": 30, "reason": "r"}
    assert client.post(page(rate, "override"), wish).status_code == 403
    assert Rate.objects.count() == 1
