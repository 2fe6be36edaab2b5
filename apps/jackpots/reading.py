"""Reading the journal again from its start, and the ends of windows that nobody bets after."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F

from apps.core.clock import now
from apps.jackpots import booking, marks
from apps.jackpots.errors import RebuildDiffers
from apps.jackpots.followers import Jackpots
from apps.jackpots.machine import Machine
from apps.jackpots.models import ZERO, Contribution, Cycle, Jackpot, Level, Version, Win
from apps.ledger.followers import SEQUENCE
from apps.ledger.models import Cursor, Entry

BATCH = 2_000
# The clock of a bet is the database's, the one of a window's end is ours.
GRACE = timedelta(seconds=1)


def close_windows() -> int:
    """Drop what a window owed to its last bet, when no later entry has come by; how many.

    Only once everything that was in the journal when the window was over has been read: so the
    next entry would have done the same.
    """
    moment = now() - GRACE
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_sequence_last_value(%s::regclass), 0)", [SEQUENCE])
        newest = int(cursor.fetchone()[0])
    with transaction.atomic():
        mine = Cursor.objects.select_for_update(skip_locked=True).filter(name=Jackpots.name)
        position = mine.values_list("position", flat=True).first()
        if position is None or position < newest:
            return 0
        machine = Machine([])
        machine.close_windows(moment)
    return len(machine.drawn)


@transaction.atomic
def rebuild() -> int:
    """Read the journal again from its start, all or nothing; how many entries.

    Raises RebuildDiffers when it leads to another winner than the one on record.
    """
    Cursor.objects.get_or_create(name=Jackpots.name)
    upto = Cursor.objects.select_for_update().get(name=Jackpots.name).position
    marks.hold()
    _forget()
    after, read = min(Jackpot.objects.values_list("entry_from", flat=True), default=upto + 1) - 1, 0
    while batch := _batch(after, upto):
        Machine(batch, known_upto=upto).run()
        after, read = batch[-1].pk, read + len(batch)
    # Windows that were closed since the last entry; the others wait for what is not read yet.
    Machine([], known_upto=upto).close_windows(now(), only_won=True)
    if Win.objects.filter(cycle__number__gte=F("level__number")).exists():
        raise RebuildDiffers
    for level in Level.objects.select_for_update(of=("self",)).select_related("jackpot"):
        booking.book(level)
    return read


def _batch(after: int, upto: int) -> list[Entry]:
    found = Entry.objects.filter(id__gt=after, id__lte=upto).select_related("wallet")
    return list(found.order_by("id")[:BATCH])


def _forget() -> None:
    """Put every level to where it began."""
    Contribution.objects.all().delete()
    Win.objects.update(is_returned=False)
    for level in Level.objects.select_for_update(of=("self",)).select_related("jackpot"):
        first = Version.objects.filter(jackpot=level.jackpot).order_by("number")[0]
        level.pool = level.seeded = first.rules.level(level.code).seed
        level.reserve = level.contributed = level.won = ZERO
        level.number = 1
        level.save()
        Cycle.objects.filter(level=level, number=1).update(bets=0, last_entry=None, seen_entry=None)
