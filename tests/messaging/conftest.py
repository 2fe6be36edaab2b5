"""Mails as the casino writes them, and a wait for what the provider does by itself."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F

from apps.accounts.models import Player
from apps.messaging import letters, mail
from apps.messaging.models import Mail

MONEY = {"amount": "0.1 BTC", "href": "https://casino.test/wallet/deposits/dp_x/"}


def money_mail(player: Player) -> Mail:
    letters.send(player, "deposit_confirmed", MONEY)
    return Mail.objects.latest("pk")


def code_mail(to: str = "alice@example.com") -> Mail:
    return mail.queue(
        to=to,
        kind="password_reset_key",
        subject="Set a new password",
        text="https://casino.test/reset/abc",
        html="<p>https://casino.test/reset/abc</p>",
    )


def pass_time(**span: float) -> None:
    """As if so much time had passed for every mail."""
    moved = timedelta(**span)
    Mail.objects.update(
        due_at=F("due_at") - moved,
        tried_at=F("tried_at") - moved,
        expires_at=F("expires_at") - moved,
    )


def until(true: Callable[[], bool], what: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"Not in {seconds} s: {what}")
        time.sleep(0.05)


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda _low, high: high)
