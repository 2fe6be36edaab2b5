"""The vendors, and a small casino for them to call."""

import pytest

from tests.simulator_client import Coinspaid, RecordingCasino, Softswiss
from tests.simulators.factories import SmallWallet


@pytest.fixture
def wallet(softswiss: Softswiss, recording_casino: RecordingCasino) -> SmallWallet:
    """A casino that answers the aggregator from one purse of 100,000 subunits."""
    small = SmallWallet()
    recording_casino.answer = small.answer
    small.casino = recording_casino
    softswiss.call_back(recording_casino.origin)
    return small


@pytest.fixture
def listener(coinspaid: Coinspaid, recording_casino: RecordingCasino) -> RecordingCasino:
    """A casino that says yes to every callback of the gateway."""
    coinspaid.call_back(recording_casino.origin)
    return recording_casino
