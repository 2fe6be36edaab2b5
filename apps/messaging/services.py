"""Tell a player something: a row that stays, and a toast on every open tab."""

from functools import partial
from typing import Any

from django.db import transaction

from apps.core.clock import now
from apps.events import live
from apps.messaging.models import Notice

CATCH_UP_MAX = 20
Category = Notice.Category


def notify(
    player_id: int,
    *,
    kind: str,
    title: str,
    text: str = "",
    href: str = "",
    category: str = Category.SECURITY,
) -> Notice:
    """Keep a notice and show it after the commit."""
    notice = Notice.objects.create(
        player_id=player_id,
        kind=kind,
        category=category,
        title=title[:120],
        text=text[:240],
        href=href,
    )
    transaction.on_commit(partial(_show, notice))
    return notice


def missed(player_id: int, since: int) -> list[Notice]:
    """Notices after the one a tab has seen, oldest first."""
    newest = Notice.objects.filter(player_id=player_id, pk__gt=since).order_by("-pk")
    return list(reversed(newest[:CATCH_UP_MAX]))


def unread(player_id: int) -> int:
    return Notice.objects.filter(player_id=player_id, read_at=None).count()


def mark_read(player_id: int, *, notice_id: int | None = None) -> int:
    """Mark one notice read, or all of them, on every open tab; how many were new."""
    found = Notice.objects.filter(player_id=player_id, read_at=None)
    if notice_id is not None:
        found = found.filter(pk=notice_id)
    count = found.update(read_at=now())
    if count:
        transaction.on_commit(partial(_count, player_id))
    return count


def frame(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "title": notice.title,
        "text": notice.text,
        "href": notice.href,
    }


def unread_frame(player_id: int) -> dict[str, Any]:
    return {"count": unread(player_id)}


def _show(notice: Notice) -> None:
    live.push(notice.player_id, "toast", frame(notice), seq=notice.pk)
    _count(notice.player_id)


def _count(player_id: int) -> None:
    live.push(player_id, "unread", unread_frame(player_id))
