"""A player with fiat, the vendor, and the casino behind an HTTP door for it to call."""

from typing import Any

import pytest

from apps.accounts.models import Player
from tests.conftest import make_player
from tests.payments.paymentiq.factories import Desk
from tests.simulator_client import Paymentiq


@pytest.fixture(autouse=True)
def _callers(settings: Any) -> None:
    settings.PAYMENTIQ_IP_ALLOWLIST = ["127.0.0.1"]


@pytest.fixture
def player(db: None) -> Player:
    """Verified, so that payouts are a matter of the queue and not of papers."""
    player = make_player("alice", email="alice@example.com")
    Player.objects.filter(pk=player.pk).update(kyc_level=2)
    player.refresh_from_db()
    return player


@pytest.fixture
def desk(paymentiq: Paymentiq, live_server: Any, player: Player) -> Desk:
    """The vendor's side of one player's payments, calling the real casino over HTTP."""
    paymentiq.call_back(live_server.url)
    return Desk(paymentiq, player)
