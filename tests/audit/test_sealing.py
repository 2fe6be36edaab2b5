"""Seals miss no row that commits late, and two sealers make one chain."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit import sealing, trail
from apps.audit import services as audit
from apps.audit.models import Record, Seal
from apps.core.horizon import safe_horizon
from tests.wallet.test_concurrency import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _own_checkpoints(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.ANCHOR_DIR = tmp_path
    yield
    assert list(trail.verify_trail()) == []


def write(word: str) -> int:
    with transaction.atomic():
        return audit.record("test.done", actor="system", reason=word)


def seal_all() -> None:
    """Any writer of the database server may hold sealing up, so it is given time."""
    horizon = safe_horizon(audit.SEQUENCE, wait_seconds=30)
    assert horizon, "Somebody has been writing for long."
    sealing.seal(trail.AuditStream(), horizon)


@pytest.mark.rule("AUD-03")
def test_a_row_that_commits_late_under_a_lower_id_is_waited_for() -> None:
    with transaction.atomic():
        late = audit.record("test.done", actor="system", reason="late")
        [early] = at_once([lambda: write("early")])
        [sealed_meanwhile] = at_once([trail.seal_trail])
    seal_all()

    assert late < early
    assert sealed_meanwhile == 0
    [seal] = Seal.objects.filter(stream="audit")
    assert (seal.from_id, seal.upto_id, seal.rows) == (late, early, 2)


@pytest.mark.rule("AUD-03")
def test_four_sealers_at_once_make_one_chain() -> None:
    for round_number in range(3):
        for row in range(5):
            write(f"{round_number}.{row}")
        at_once([trail.seal_trail] * 4)
    seal_all()

    seals = list(Seal.objects.filter(stream="audit").order_by("number"))
    assert [seal.number for seal in seals] == list(range(1, len(seals) + 1))
    assert sum(seal.rows for seal in seals) == Record.objects.count() == 15


class Dying(trail.AuditStream):
    """A stream whose reader is ended by the server in the middle of a batch."""

    def leaves(self, after_id: int, upto_id: int, limit: int) -> list[tuple[int, bytes]]:
        rows = list(super().leaves(after_id, upto_id, limit))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return rows


@pytest.mark.rule("AUD-03")
def test_a_sealer_that_dies_in_the_middle_of_a_batch_leaves_no_gap() -> None:
    for row in range(3):
        write(str(row))
    horizon = safe_horizon(audit.SEQUENCE, wait_seconds=30)
    assert horizon

    with pytest.raises(DatabaseError):
        sealing.seal(Dying(), horizon)
    connection.close()
    assert not Seal.objects.exists()
    seal_all()

    [seal] = Seal.objects.filter(stream="audit")
    assert (seal.number, seal.rows) == (1, 3)
