"""The history of a payment and the nudge to the pages that show it."""

from datetime import datetime
from functools import partial

from django.db import connection, transaction

from apps.core.clock import now
from apps.events import live
from apps.payments.models import Deposit, Invoice, PaymentStep, Withdrawal

STREAM = "payments"
LOCK_SPACE = 0x70617973  # one of our own among PostgreSQL's advisory locks


def add_step(
    payment: Deposit | Withdrawal, holder: str, words: str, *, until: datetime | None = None
) -> None:
    """Write one line of history and tell open pages after the commit.

    until: when the holder has promised to be done with it.
    """
    owner = {"deposit": payment} if isinstance(payment, Deposit) else {"withdrawal": payment}
    PaymentStep.objects.create(
        **owner, state=payment.state, holder=holder, words=words[:160], at=now(), until=until
    )
    tell(payment)


def tell(payment: Deposit | Withdrawal | Invoice) -> None:
    """Let the player's open pages, and the staff's, ask again once this is committed."""
    kind = payment._meta.model_name
    data = {"kind": kind, "id": payment.public_id, "state": payment.state}
    transaction.on_commit(partial(live.push, payment.player_id, STREAM, data))
    transaction.on_commit(partial(live.push_staff, STREAM, data))


def lock_player(player_id: int) -> None:
    """Let one payment request of a player finish before the next begins (to the commit)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, player_id])
