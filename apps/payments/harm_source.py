"""What payments tell about harm (`apps/limits/harm.py`): how often each player could not pay in, or
called a withdrawal back. Without ids: of everybody.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import models
from django.db.models import Count

from apps.payments.models import DepositFailure, Withdrawal

PLAYERS_MAX = 20_000


def failed_deposits(ids: Sequence[int], since: datetime, until: datetime) -> dict[int, int]:
    return _counted(DepositFailure.objects.filter(at__gte=since, at__lt=until), ids)


def cancelled_withdrawals(ids: Sequence[int], since: datetime, until: datetime) -> dict[int, int]:
    called_back = Withdrawal.objects.filter(
        state=Withdrawal.State.CANCELLED, finished_at__gte=since, finished_at__lt=until
    )
    return _counted(called_back, ids)


def _counted(found: "models.QuerySet", ids: Sequence[int]) -> dict[int, int]:
    if ids:
        found = found.filter(player_id__in=ids)
    counted = found.order_by().values_list("player_id").annotate(count=Count("pk"))
    return dict(counted.order_by("player_id")[:PLAYERS_MAX])
