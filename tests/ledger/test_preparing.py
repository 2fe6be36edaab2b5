"""The money statement is planned once a connection, not once a bet."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Player
from apps.wallet.movements import Result

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%ledger_apply%%'"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("wanted", [True, False])
def test_the_server_keeps_the_plan_when_it_may(
    wanted: bool, settings: Any, player: Player, fund: Callable[..., Result]
) -> None:
    connection.close()  # what another test prepared
    settings.LEDGER_PREPARE = wanted

    fund(player, "10.00", "EUR")

    assert (prepared() > 0) is wanted
