import pytest
from django.core.cache import cache

from apps.accounts.models import Player
from apps.payments.models import DepositAddress
from tests.payments.factories import make_address


@pytest.fixture(autouse=True)
def _test_networks(settings) -> None:
    """The published address vectors and the simulators' addresses are of test networks too."""
    settings.PAYMENTS_TESTNET = True
    cache.clear()


@pytest.fixture
def address(player: Player) -> DepositAddress:
    """The BTC address that the recorded callbacks name."""
    return make_address(player)
