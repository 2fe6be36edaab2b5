"""A statement's PDF: drawn at once when it is short, by the worker when it is long, and once.

What is kept carries its signature and is checked against it before it leaves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F
from redis.exceptions import RedisError

from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.events import bus, live
from apps.wallet.statements import sealing, services
from apps.wallet.statements.events import StatementReady
from apps.wallet.statements.models import Rendering, Statement
from apps.wallet.statements.sealing import Verdict

log = structlog.get_logger()

RENDER_LOCK = 0x70616765  # one of our own among PostgreSQL's advisory locks
BATCH = 20
TRIES_MAX = 3
PROGRESS_SECONDS = 120
DELETE_BATCH = 200
DELETE_BATCHES_MAX = 200
State = Rendering.State


@dataclass(frozen=True)
class Progress:
    """How far the pages are. share: between nought and one; pages: 0 until the first are drawn."""

    state: str
    pages_made: int = 0
    pages: int = 0

    @property
    def share(self) -> str:
        return f"{self.pages_made / self.pages:.2f}" if self.pages else "0"

    @property
    def is_waiting(self) -> bool:
        return self.state == State.WAITING

    @property
    def is_failed(self) -> bool:
        return self.state == State.FAILED


def pdf(statement: Statement) -> bytes | None:
    """The file. None: it is long, and the worker was asked to draw it. Raises NotReproduced."""
    if kept := _kept(statement):
        return kept
    if not is_long(statement):
        body = services.pdf_of(statement)
        _keep(statement, body)
        return body
    _ask(statement)
    return None


def is_long(statement: Statement) -> bool:
    return statement.movements > settings.STATEMENT_PDF_AT_ONCE_MAX


def progress(statement: Statement) -> Progress | None:
    """How far the worker is with it; None when nobody asked for it."""
    row = Rendering.objects.filter(statement=statement).defer("body").first()
    if row is None:
        return None
    made, pages = _told(statement) if row.state == State.WAITING else (0, 0)
    return Progress(row.state, made, pages)


def render_due() -> int:
    """Draw what was asked for, oldest first; how many were made.

    One at a time in the whole casino: drawing takes a processor, and others wait for theirs. A
    process that dies lets go of the lock, and what it was drawing is still due.
    """
    if not _lock():
        return 0
    try:
        made = 0
        for _ in range(BATCH):
            row = (
                Rendering.objects.filter(state=State.WAITING)
                .select_related("statement__player")
                .order_by("tries", "asked_at")
                .first()
            )
            if row is None:
                break
            made += _render(row)
        return made
    finally:
        _unlock()


def delete_old(*, at: datetime | None = None) -> int:
    """Forget pages drawn more than `STATEMENT_PDF_KEEP_DAYS` ago; the statements stay. How many."""
    before = (at or now()) - timedelta(days=settings.STATEMENT_PDF_KEEP_DAYS)
    count = 0
    for _ in range(DELETE_BATCHES_MAX):
        with transaction.atomic():
            ids = list(
                Rendering.objects.filter(made_at__lt=before)
                .order_by("made_at")
                .values_list("pk", flat=True)[:DELETE_BATCH]
            )
            if not ids:
                break
            deleted, _ = Rendering.objects.filter(pk__in=ids).delete()
            audit.record(
                "statement.pages_deleted",
                actor="system",
                after={"count": deleted, "made_before": before.isoformat()},
            )
        count += deleted
    return count


# ---- drawing -------------------------------------------------------------------------------------
def _render(row: Rendering) -> int:
    """Draw one; 1 if it was made."""
    statement = row.statement
    # Counted before the work: what kills the process every time is given up, too.
    Rendering.objects.filter(pk=row.pk).update(tries=F("tries") + 1)
    try:
        body = services.pdf_of(statement, partial(_tell, statement))
        _keep(statement, body, is_awaited=True)
    except DomainError:
        # The journal does not give what was signed: told there, and another try changes nothing.
        _give_up(statement)
    except Exception as error:
        log.exception("statement.not_rendered", statement=statement.number)
        if row.tries + 1 >= TRIES_MAX:
            _give_up(statement)
            raise_alarm(
                "statement.not_rendered",
                subject=statement.number,
                message=f"Its pages could not be drawn: {type(error).__name__}: {error}"[:500],
            )
    else:
        return 1
    return 0


@transaction.atomic
def _keep(statement: Statement, body: bytes, *, is_awaited: bool = False) -> None:
    at = now()
    Rendering.objects.update_or_create(
        statement=statement,
        defaults={"state": State.MADE, "body": body, "made_at": at},
        create_defaults={"state": State.MADE, "body": body, "made_at": at, "asked_at": at},
    )
    if is_awaited:
        bus.publish(
            StatementReady(
                player_id=statement.player_id,
                number=statement.number,
                words=statement.period.words,
            )
        )
        transaction.on_commit(partial(live.push, statement.player_id, "statements", {}))


def _ask(statement: Statement) -> None:
    """Have it drawn; asking again for one that failed starts anew."""
    row, is_new = Rendering.objects.get_or_create(
        statement=statement, defaults={"asked_at": now(), "state": State.WAITING}
    )
    if not is_new:
        Rendering.objects.filter(pk=row.pk, state=State.FAILED).update(
            state=State.WAITING, asked_at=now(), tries=0
        )


def _give_up(statement: Statement) -> None:
    Rendering.objects.filter(pk=statement.pk, state=State.WAITING).update(state=State.FAILED)
    live.push(statement.player_id, "statements", {})


def _kept(statement: Statement) -> bytes | None:
    """The pages that were drawn, if they still are what was signed."""
    row = Rendering.objects.filter(statement=statement, state=State.MADE).first()
    if row is None or row.body is None:
        return None
    body = bytes(row.body)
    verdict, seal = sealing.examine(BytesIO(body))
    if verdict == Verdict.GENUINE and seal and seal.number == statement.number:
        return body
    log.error("statement.pages_changed", statement=statement.number, verdict=verdict)
    raise_alarm(
        "statement.pages_changed",
        subject=statement.number,
        message=f"The kept pages are not what was signed ({verdict}); they are drawn again.",
        severity="critical",
    )
    Rendering.objects.filter(pk=row.pk).delete()
    return None


# ---- how far it is -------------------------------------------------------------------------------
def _tell(statement: Statement, made: int, pages: int) -> None:
    """For whoever waits. Drawing reads in one transaction, so rows could not tell it."""
    try:
        cache.set(_name(statement), (made, pages), PROGRESS_SECONDS)
    except (RedisError, OSError) as error:
        log.warning("statement.progress_lost", error=str(error))


def _told(statement: Statement) -> tuple[int, int]:
    try:
        made, pages = cache.get(_name(statement)) or (0, 0)
    except (RedisError, OSError):
        return 0, 0
    return made, pages


def _name(statement: Statement) -> str:
    return f"statement-pages:{statement.number}"


def _lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [RENDER_LOCK])
        return bool(cursor.fetchone()[0])


def _unlock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [RENDER_LOCK])
