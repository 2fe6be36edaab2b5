"""The same person behind two accounts."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.applicants import Applicant
from apps.accounts.models import Player, User
from apps.audit.models import Record
from apps.core.clock import now
from apps.kyc import files, persons, retention
from apps.kyc.errors import NotPermitted, PersonKnown
from apps.kyc.models import Document, Mark, PersonMatch, PersonRecord
from apps.kyc.services import cases
from apps.ledger.models import Block
from apps.wallet import restrictions
from apps.wallet.services import set_player_status
from tests.kyc.factories import hand_in_everything, make_details

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Sørensen", "SORENSEN, ana"),
        ("José  María O’Neill", "jose maria o'neill"),
        ("Łukasz Groß", "Gross Lukasz"),
    ],
)
def test_spellings_of_a_name_are_one(one: str, other: str) -> None:
    assert persons.normalised(one) == persons.normalised(other)


@pytest.mark.rule("ACC-04")
def test_the_same_name_and_birth_date_stops_the_newer_account_until_a_person_decides(
    player: Player, other_player: Player, reviewer: User, support: User
) -> None:
    cases.declare(player=player, details=make_details(player))
    case = cases.declare(
        player=other_player,
        details=make_details(other_player, first_name="ANA", last_name="Sorensen"),
    )

    match = PersonMatch.objects.get()
    assert (match.player_id, match.other_id, match.by) == (
        other_player.pk, player.pk, ["name_birth"],
    )  # fmt: skip
    assert case.state == "in_review"
    assert restrictions.stops(other_player.pk, Block.PLAY | Block.DEPOSIT)
    assert not restrictions.stops(player.pk, Block.PLAY)
    assert "account" not in case.words
    with pytest.raises(NotPermitted):
        persons.decide(match.pk, is_same=False, by=support, reason="no")

    persons.decide(match.pk, is_same=False, by=reviewer, reason="Twins: two documents")
    assert not restrictions.stops(other_player.pk, Block.PLAY)
    persons.look(other_player.pk)
    assert not restrictions.stops(other_player.pk, Block.PLAY)
    assert persons.same_person_ids(player.pk) == set()


@pytest.mark.rule("ACC-04", "SEC-19")
def test_a_document_number_is_found_again_and_never_readable(
    player: Player, other_player: Player
) -> None:
    persons.mark_document(player.pk, "pt", "AB 123-456")
    persons.mark_document(other_player.pk, "PT", "ab123456")

    assert persons.same_person_ids(player.pk) == {other_player.pk}
    assert all("123456" not in mark.blind for mark in Mark.objects.all())
    persons.mark_document(other_player.pk, "ES", "AB999999")
    assert len(persons.look(other_player.pk)) == 1


@pytest.mark.rule("RG-14", "RG-20", "ACC-04")
def test_who_excluded_themselves_is_stopped_under_another_account(
    player: Player, other_player: Player
) -> None:
    cases.declare(player=player, details=make_details(player))
    restrictions.impose(
        player_id=player.pk, code="self_exclusion", stops=Block.PLAY | Block.DEPOSIT, words="w",
        actor="system", reason="r",
    )  # fmt: skip

    cases.declare(player=other_player, details=make_details(other_player))

    assert PersonMatch.objects.get().is_excluded
    assert restrictions.stops(other_player.pk, Block.PLAY | Block.DEPOSIT)
    assert persons.same_person_ids(player.pk) == {other_player.pk}


@pytest.mark.rule("RG-14")
def test_an_excluded_person_does_not_register_again_with_a_folded_address(player: Player) -> None:
    restrictions.impose(
        player_id=player.pk, code="self_exclusion", stops=Block.PLAY, words="w", actor="system",
        reason="r",
    )  # fmt: skip
    asked = Applicant(
        email="Alice+new@example.com",
        display_name="new",
        birth_date=player.birth_date,
        country="DE",
    )

    with pytest.raises(PersonKnown) as refusal:
        persons.check_applicant(asked)

    assert "exclu" not in refusal.value.message


@pytest.mark.rule("AML-20")
def test_papers_are_erased_years_after_the_account_was_closed_with_a_record(
    player: Player, settings: Any
) -> None:
    hand_in_everything(player)
    document = Document.objects.filter(case__player=player).earliest("pk")
    assert retention.erase_due() == 0
    set_player_status(player_id=player.pk, status="closed", actor="system", reason="asked")
    assert retention.erase_due() == 0
    later = now() + timedelta(days=5 * 365 + 3)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "now", lambda: later)
        assert retention.erase_due() == 1
        assert retention.erase_due() == 0

    document.refresh_from_db()
    assert document.erased_at is not None
    assert list(Path(settings.KYC_DIR).glob("*/*")) == []
    with pytest.raises(FileNotFoundError):
        files.read(document.file_name, place=document.place)
    record = PersonRecord.objects.get(pk=player.pk)
    assert (bytes(record.sealed), Mark.objects.filter(player=player).count()) == (b"", 0)
    row = Record.objects.get(action="kyc.erased")
    assert row.after["documents"][0] == {"id": document.public_id, "sha256": document.sha256}


def test_marks_are_made_anew_under_a_new_key(player: Player, settings: Any) -> None:
    cases.declare(player=player, details=make_details(player))
    before = Mark.objects.get(player=player).blind
    settings.FIELD_KEYS = {9: b"k" * 32, **settings.FIELD_KEYS}

    assert persons.reindex() == 1

    after = Mark.objects.get(player=player).blind
    assert (before.partition(":")[0], after.partition(":")[0]) == ("1", "9")
    assert persons.reindex() == 0
