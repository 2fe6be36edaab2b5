"""A method that goes silent is down, whatever its provider says: alarm."""

from apps.audit.alarms import raise_alarm
from apps.treasury.models import Threshold
from apps.treasury.selectors import board


def watch() -> int:
    """Alarm on every method without a payment where enough would be usual; how many."""
    found = board.silences(
        board.history(), {str(row.currency_id): row.silent_after for row in Threshold.objects.all()}
    )
    for one in found:
        raise_alarm(
            "payments.silent",
            subject=one.method.key,
            message=(
                f"No {one.method.direction} through {one.method.words} for {one.hours} hours; "
                f"{one.expected} would be usual. Try it, and ask the provider."
            ),
            severity="critical",
        )
    return len(found)
