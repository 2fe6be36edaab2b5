"""How long a window is. Rolling and half-open: what happened exactly its length ago is out."""

from datetime import timedelta

from apps.limits.models import Window

# One length each, so no month's end and no summer time gives room twice. `sql/refusal.sql` knows
# the same three.
LENGTHS = {
    Window.DAY: timedelta(hours=24),
    Window.WEEK: timedelta(days=7),
    Window.MONTH: timedelta(days=30),
}
