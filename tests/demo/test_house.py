"""The demo's treasury is made through the real doors, and a second seed adds nothing."""

from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from apps.audit.models import Proposal
from apps.demo import house
from apps.demo.people import HOUSE_WALLETS, PLAYERS
from apps.payments import default_limits
from apps.payments.models import LimitRule
from apps.treasury.liabilities.models import Snapshot
from apps.treasury.models import Break, HouseWallet, Reading, Run
from tests.conftest import fund, make_player, make_staff
from tests.simulator_client import Coinspaid

pytestmark = pytest.mark.django_db


def test_the_house_is_furnished_once(
    coinspaid: Coinspaid, administrator: User, settings: Any, tmp_path: Path
) -> None:
    settings.ANCHOR_DIR = tmp_path
    desk = make_staff("payments")
    settings.SIMULATED_OPENING_EUR = 2_000
    fund(make_player(PLAYERS[0].name, email=PLAYERS[0].email), "0.1", "BTC")

    for _ in range(2):
        house.furnish(desk=desk, administrator=administrator, say=lambda _line: None)

    assert HouseWallet.objects.filter(provider="").count() == len(HOUSE_WALLETS)
    assert Reading.objects.count() == len(HOUSE_WALLETS)
    [left_open] = Break.objects.filter(state=Break.State.OPEN)
    assert (left_open.kind, left_open.code) == (Break.Kind.BALANCE, "DOGE")
    assert Run.objects.filter(provider="coinspaid").count() == 2
    waiting = Proposal.objects.filter(state=Proposal.State.WAITING).order_by("act")
    assert [(one.act, one.maker_id) for one in waiting] == [
        ("adjustment", desk.pk),
        ("transfer", desk.pk),
    ]
    assert not Proposal.objects.exclude(
        state__in=[Proposal.State.WAITING, Proposal.State.EXECUTED]
    ).exists()
    assert Snapshot.objects.count() == 1
    assert LimitRule.objects.filter(month_sum__isnull=False).count() == len(default_limits.SUMS)
