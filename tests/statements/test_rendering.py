"""Long statements are drawn by the worker, once; short ones at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from apps.accounts.models import Player
from apps.audit.models import Alarm, Record
from apps.core.clock import now
from apps.events import bus
from apps.messaging.models import Notice
from apps.wallet.statements import periods, rendering, services
from apps.wallet.statements.models import Rendering, Statement
from tests.api.clients import signed_in
from tests.conftest import fund
from tests.statements.factories import many_movements

pytestmark = pytest.mark.django_db
State = Rendering.State


@pytest.fixture
def long_one(player: Player, settings: Any) -> Statement:
    """Four movements, where three are drawn at once."""
    settings.STATEMENT_PDF_AT_ONCE_MAX = 3
    fund(player, "0.5", "BTC")
    many_movements(player, 3)
    return services.issue(player=player, period=periods.named("2026"))


def test_a_short_one_is_there_at_once_and_drawn_once(client: Client, player: Player) -> None:
    fund(player, "0.5", "BTC")
    statement = services.issue(player=player, period=periods.named("2026"))
    client.force_login(player.user)
    path = f"/wallet/statements/{statement.number}/pdf/"

    first = b"".join(client.get(path).streaming_content)
    made_at = Rendering.objects.get().made_at
    again = b"".join(client.get(path).streaming_content)

    assert first == again == services.pdf_of(statement)
    assert Rendering.objects.get().made_at == made_at


def test_a_long_one_is_drawn_by_the_worker_and_told(
    client: Client, player: Player, long_one: Statement
) -> None:
    client.force_login(player.user)
    page = f"/wallet/statements/{long_one.number}/"
    assert b"Drawing the PDF" not in client.get(page).content

    for _ in range(2):  # a second click asks for nothing new
        asked = client.get(f"{page}pdf/", follow=True)
        assert asked.redirect_chain == [(page, 302)]
        assert b"In the queue" in asked.content
    cache.set(f"statement-pages:{long_one.number}", (40, 160))
    assert b"40 of 160 pages" in client.get(f"{page}pages/").content

    assert rendering.render_due() == 1
    assert rendering.render_due() == 0
    bus.deliver_due()
    ready = client.get(f"{page}pages/").content
    body = b"".join(client.get(f"{page}pdf/").streaming_content)

    assert b"The PDF is ready" in ready
    assert b"hx-trigger" not in ready
    assert body == services.pdf_of(long_one)
    notice = Notice.objects.get(title="Statement ready")
    assert (notice.player_id, notice.href) == (player.pk, page)


def test_the_api_says_that_it_takes_a_while(player: Player, long_one: Statement) -> None:
    caller = signed_in(player)

    asked = caller.get(f"statements/{long_one.number}/pdf/")
    rendering.render_due()
    made = caller.get(f"statements/{long_one.number}/pdf/")

    assert (asked.status_code, asked["Retry-After"]) == (202, "2")
    assert asked.json() == {"state": "waiting", "pages_made": 0, "pages": 0}
    assert made["Content-Type"] == "application/pdf"


def test_one_that_is_not_reproduced_is_given_up_and_can_be_asked_for_again(
    client: Client, player: Player, long_one: Statement
) -> None:
    client.force_login(player.user)
    page = f"/wallet/statements/{long_one.number}/"
    client.get(f"{page}pdf/")
    change_rounds("other-")

    assert rendering.render_due() == 0

    assert Alarm.objects.get(code="statement.not_reproduced").subject == long_one.number
    assert b"could not be made" in client.get(page).content
    assert rendering.render_due() == 0
    change_rounds("")
    client.get(f"{page}pdf/")
    assert rendering.render_due() == 1


def test_what_fails_for_another_reason_is_tried_three_times(
    long_one: Statement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.wallet.statements.pdf_file.ROWS_PER_PAGE", "a slip of ours")
    assert rendering.pdf(long_one) is None

    assert rendering.render_due() == 0

    row = Rendering.objects.get()
    assert (row.state, row.tries) == (State.FAILED, 3)
    assert Alarm.objects.get(code="statement.not_rendered").subject == long_one.number


def test_kept_pages_that_were_touched_are_drawn_again(player: Player) -> None:
    fund(player, "0.5", "BTC")
    statement = services.issue(player=player, period=periods.named("2026"))
    first = rendering.pdf(statement)
    assert first is not None
    Rendering.objects.update(body=first.replace(b"1", b"7", 1))

    assert rendering.pdf(statement) == first
    assert Alarm.objects.get(code="statement.pages_changed").subject == statement.number


def test_old_pages_are_forgotten_and_drawn_again_when_asked_for(
    player: Player, settings: Any
) -> None:
    settings.STATEMENT_PDF_KEEP_DAYS = 30
    fund(player, "0.5", "BTC")
    statement = services.issue(player=player, period=periods.named("2026"))
    first = rendering.pdf(statement)

    assert rendering.delete_old(at=now() + timedelta(days=29)) == 0
    assert rendering.delete_old(at=now() + timedelta(days=31)) == 1

    record = Record.objects.get(action="statement.pages_deleted")
    assert record.after is not None
    assert record.after["count"] == 1
    assert not Rendering.objects.exists()
    assert rendering.pdf(statement) == first


def change_rounds(prefix: str) -> None:
    """Rewrite what a statement was made of, behind the journal's back."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE ledger_entry SET round_ref = %s || replace(round_ref, 'other-', '')", [prefix]
        )
        cursor.execute("SET session_replication_role = origin")
