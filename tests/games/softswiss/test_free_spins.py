from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.games.models import FreeSpinIssue, Game
from apps.ledger.models import Entry
from apps.wallet import services as wallets
from tests.games.factories import Answer, Table, make_session, send, world


@pytest.fixture
def issue(player: Player, game: Game) -> FreeSpinIssue:
    wallet = wallets.open_wallet(player_id=player.pk, currency_code="EUR")
    return FreeSpinIssue.objects.create(
        player=player,
        wallet_id=wallet.pk,
        game=game,
        currency="EUR",
        quantity=10,
        stake="0.10",
        valid_until=now() + timedelta(days=7),
        state=FreeSpinIssue.State.ISSUED,
        created_at=now(),
    )


def report(issue: FreeSpinIssue, status: str = "played", total: int = 500) -> Answer:
    return send("freespins", {"issue_id": issue.public_id, "status": status, "total_amount": total})


def test_played_spins_are_paid_once(issue: FreeSpinIssue) -> None:
    first = report(issue)
    again = report(issue)

    issue.refresh_from_db()
    assert (first.status, first.json) == (200, {"balance": 500})
    assert (again.status, again.json) == (200, {"balance": 500})
    assert Entry.objects.count() == 1
    assert (issue.state, str(issue.won)) == ("played", "5.000000000000000000")


@pytest.mark.parametrize("status", ["active", "canceled", "expired", "issued"])
def test_other_reports_pay_nothing(issue: FreeSpinIssue, status: str) -> None:
    answer = report(issue, status)

    assert (answer.status, answer.json) == (200, {"balance": 0})
    assert Entry.objects.count() == 0


def test_a_win_is_paid_though_the_issue_was_closed_here(issue: FreeSpinIssue) -> None:
    report(issue, "expired", 0)

    answer = report(issue, "played", 500)

    issue.refresh_from_db()
    assert answer.json == {"balance": 500}
    assert issue.state == "played"


def test_an_expiry_after_the_payment_changes_nothing(issue: FreeSpinIssue) -> None:
    report(issue)

    report(issue, "expired", 0)

    issue.refresh_from_db()
    assert (issue.state, str(issue.won)) == ("played", "5.000000000000000000")


def test_another_sum_for_a_paid_issue_is_refused(issue: FreeSpinIssue) -> None:
    report(issue, total=500)
    before = world()

    answer = report(issue, total=600)

    assert (answer.status, answer.code) == (400, 400)
    assert world() == before
    assert Alarm.objects.filter(code="games.key_conflict").count() == 1


def test_spins_that_won_nothing_are_played(issue: FreeSpinIssue) -> None:
    assert report(issue, total=0).json == {"balance": 0}
    issue.refresh_from_db()
    assert issue.state == "played"


def test_a_blocked_player_gets_what_the_spins_won(issue: FreeSpinIssue) -> None:
    wallets.set_player_status(
        player_id=issue.player_id, status="closed", actor="system", reason="test"
    )

    assert report(issue).json == {"balance": 500}


def test_the_second_generation_reports_the_end_only(issue: FreeSpinIssue) -> None:
    body: dict[str, Any] = {"issue_id": issue.public_id, "amount": "5.00"}

    first = send("v2/a8r_casino.Freespins/Finish", body)
    again = send("v2/a8r_casino.Freespins/Finish", body)
    other = send("v2/a8r_casino.Freespins/Finish", body | {"amount": "6.00"})

    assert (first.status, first.json) == (200, {"balance": "5.00"})
    assert (again.status, again.json) == (200, {"balance": "5.00"})
    assert (other.status, other.json["code"]) == (409, "already_exists")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("freespins", {"issue_id": "{id}", "status": "played", "total_amount": -1}),
        ("freespins", {"issue_id": "{id}", "status": "played", "total_amount": 1.5}),
        ("freespins", {"status": "played", "total_amount": 1}),
        ("freespins", {"issue_id": "{id}", "total_amount": 1}),
        ("v2/a8r_casino.Freespins/Finish", {"issue_id": "{id}", "amount": "-1"}),
        ("v2/a8r_casino.Freespins/Finish", {"issue_id": "{id}", "amount": 5}),
        ("v2/a8r_casino.Freespins/Finish", {"issue_id": "{id}", "amount": "0.001"}),
        ("v2/a8r_casino.Freespins/Finish", {"issue_id": "{id}"}),
    ],
)
def test_a_wrong_report_is_malformed(issue: FreeSpinIssue, path: str, body: dict[str, Any]) -> None:
    if "issue_id" in body:
        body = body | {"issue_id": issue.public_id}

    assert send(path, body).code == 400
    assert Entry.objects.count() == 0


def test_a_promotion_is_paid_once_and_has_ids_of_its_own(player: Player, game: Game) -> None:
    table = Table(player, game, make_session(player, game), "v2")
    body = {"player_id": table.user_id, "currency": "EUR", "amount": "2.50", "id": "x-1"}

    first = send("v2/a8r_casino.Promo/Win", body)
    again = send("v2/a8r_casino.Promo/Win", body)
    other = send("v2/a8r_casino.Promo/Win", body | {"amount": "2.51"})
    bet = table.bet("x-1", 100)

    assert first.json["balance"] == "2.50"
    assert again.json == first.json
    assert other.status == 409
    assert (bet.status, table.balance(bet)) == (200, 150)
