"""Tell a player something: a row that stays, and a toast on every open tab."""

from functools import partial
from typing import Any

from django.db import transaction

from apps.core.clock import now
from apps.events import live
from apps.messaging.models import Notice

CATCH_UP_MAX = 20


def notify(player_id: int, *, kind: str, title: str, text: str = "", href: str = "") -> Notice:
    """Keep a notice and show it after the commit."""
    notice = Notice.objects.create(
        player_id=player_id, kind=kind, title=title[:120], text=text[:240], href=href
    )
    transaction.on_commit(partial(live.push, player_id, "toast", frame(notice), seq=notice.pk))
    return notice


def missed(player_id: int, since: int) -> list[Notice]:
    """Notices after the one a tab has seen, oldest first."""
    newest = Notice.objects.filter(player_id=player_id, pk__gt=since).order_by("-pk")
    return list(reversed(newest[:CATCH_UP_MAX]))


def has_unread(player_id: int) -> bool:
    return Notice.objects.filter(player_id=player_id, read_at=None).exists()


def mark_read(player_id: int) -> int:
    return Notice.objects.filter(player_id=player_id, read_at=None).update(read_at=now())


def frame(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "title": notice.title,
        "text": notice.text,
        "href": notice.href,
    }
