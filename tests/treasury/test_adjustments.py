"""Corrections: in the journal, with before and after, read by the player."""

from decimal import Decimal

import pytest

from apps.accounts.models import Player, User
from apps.audit.models import Record
from apps.core.errors import InvalidInput, NotFound
from apps.events.bus import deliver_due
from apps.ledger.models import Entry, Kind
from apps.messaging.models import Notice
from apps.treasury.errors import NothingToDo
from apps.treasury.models import Adjustment
from apps.wallet.errors import InsufficientFunds
from apps.wallet.selectors import history
from tests.conftest import fund
from tests.treasury.factories import agree, cash, propose_adjustment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("amount", "after"), [("0.01", "0.06000000"), ("-0.02", "0.03000000")])
def test_a_correction_shows_before_and_after(
    player: Player, maker: User, checker: User, amount: str, after: str
) -> None:
    fund(player, "0.05")

    agree(propose_adjustment(player, maker, amount), checker)

    made = Adjustment.objects.get()
    assert made.balance_before == Decimal("0.05")
    assert made.balance_after == Decimal(after) == cash(player)
    entry = Entry.objects.get(pk=made.entry_id)
    assert (entry.kind, entry.amount, entry.source_id) == (
        Kind.ADJUSTMENT, Decimal(amount), made.pk,
    )  # fmt: skip
    record = Record.objects.get(action="balance.adjusted")
    assert record.before == {"balance": "0.05000000"}
    assert record.after["balance"] == after
    assert record.after["proposed_by"] == maker.pk


def test_the_player_reads_it_in_history_and_in_a_notice(
    player: Player, maker: User, checker: User
) -> None:
    agree(propose_adjustment(player, maker, "0.01"), checker)
    deliver_due()

    newest = history(player.pk)[0]
    assert (newest.words, newest.amount.text) == ("Correction", "0.01000000")
    notice = Notice.objects.get(player=player, title__startswith="Balance corrected")
    assert "0.01 BTC" in notice.text
    assert "For the round that froze" in notice.text


def test_nothing_moves_before_the_second_person(player: Player, maker: User) -> None:
    propose_adjustment(player, maker, "0.01")

    assert cash(player) == 0
    assert Entry.objects.count() == 0


def test_more_than_there_is_cannot_be_taken(player: Player, maker: User, checker: User) -> None:
    fund(player, "0.01")
    proposal = propose_adjustment(player, maker, "-0.02", reason="recovery")

    with pytest.raises(InsufficientFunds):
        agree(proposal, checker)

    assert cash(player) == Decimal("0.01")
    assert Adjustment.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"evidence": "  "}, InvalidInput),
        ({"words": ""}, InvalidInput),
        ({"words": "x" * 161}, InvalidInput),
        ({"reason": "because"}, InvalidInput),
        ({"note": " "}, InvalidInput),
        ({"player_id": 999_999}, NotFound),
        ({"amount": "0"}, NothingToDo),
    ],
)
def test_bad_input_is_refused(
    player: Player, maker: User, changes: dict[str, object], error: type[Exception]
) -> None:
    amount = str(changes.pop("amount", "0.01"))

    with pytest.raises(error):
        propose_adjustment(player, maker, amount, **changes)

    assert Record.objects.filter(action="proposal.made").count() == 0
