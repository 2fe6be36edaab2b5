"""What a provider says, taken by our own rules."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Player, User
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.kyc import gates, selectors
from apps.kyc.models import Case, Hit, PersonMatch, ProviderApplicant
from apps.kyc.providers.base import (
    AmlCase,
    AmlHit,
    CheckState,
    DocumentFact,
    Ground,
    Match,
    PersonFact,
    Verdict,
)
from apps.kyc.services import cases, reviews
from apps.kyc.services.verdicts import NEUTRAL, apply_verdict
from apps.ledger.models import Block
from apps.wallet import restrictions
from tests.kyc.factories import IN_DATE, hand_in_everything, make_details

pytestmark = pytest.mark.django_db
START = now()


def applicant(player: Player, ref: str = "a1") -> None:
    ProviderApplicant.objects.create(
        provider="sumsub", player=player, external_ref=player.public_id, applicant_ref=ref,
        level="identity", level_ref="identity-and-address", created_at=now(),
    )  # fmt: skip


def person(player: Player, **changed: Any) -> PersonFact:
    told: dict[str, Any] = {
        "first_name": "Ana", "last_name": "Sorensen", "birth_date": player.birth_date,
        "country": "PT",
        "documents": (DocumentFact("passport", "PT", "AB123456", valid_until=IN_DATE),),
    }  # fmt: skip
    return PersonFact(**{**told, **changed})


def say(player: Player, state: CheckState, minutes: int = 0, **more: Any) -> None:
    at: datetime = START + timedelta(minutes=minutes)
    told: dict[str, Any] = {
        "provider": "sumsub", "player_id": player.pk, "applicant_ref": "a1", "level": "identity",
        "level_ref": "identity-and-address", "state": state, "at": at,
    }  # fmt: skip
    apply_verdict(Verdict(**{**told, **more}))


def level_of(player: Player) -> int:
    return Player.objects.get(pk=player.pk).kyc_level


@pytest.mark.rule("AML-04", "AML-05", "K1")
def test_an_approval_counts_for_its_level_and_its_player(
    player: Player, other_player: Player
) -> None:
    applicant(player)
    say(player, CheckState.APPROVED, level="vip", person=person(player))
    say(player, CheckState.APPROVED, applicant_ref="a2", person=person(player))
    say(other_player, CheckState.APPROVED, person=person(other_player))
    assert (level_of(player), level_of(other_player)) == (0, 0)
    assert not Case.objects.exists()
    assert Alarm.objects.filter(code="kyc.verdict_foreign").exists()

    say(player, CheckState.APPROVED, person=person(player))

    assert (level_of(player), level_of(other_player)) == (2, 0)
    case = Case.objects.get(player=player, level=2)
    assert (case.state, case.valid_until, case.is_automatic) == ("approved", IN_DATE, True)
    say(player, CheckState.RETRY, minutes=-5, words="old")
    assert level_of(player) == 2


@pytest.mark.rule("AML-04", "K6")
def test_a_later_no_takes_the_level_back(player: Player) -> None:
    applicant(player)
    say(player, CheckState.APPROVED, person=person(player))
    say(player, CheckState.PENDING, minutes=1)
    assert level_of(player) == 2

    say(player, CheckState.NOT_STARTED, minutes=2, is_voiding=True)

    assert level_of(player) == 0
    assert Case.objects.get(player=player, level=2).state == "open"


@pytest.mark.rule("K4")
def test_the_age_is_counted_from_the_document(player: Player) -> None:
    applicant(player)

    young = now().date() - timedelta(days=17 * 365)
    say(player, CheckState.APPROVED, person=person(player, birth_date=young))

    case = Case.objects.get(player=player, level=2)
    assert (case.state, level_of(player)) == ("rejected", 0)
    assert "at least 18" in case.words


def test_another_name_or_birth_date_goes_to_a_person(player: Player) -> None:
    cases.declare(player=player, details=make_details(player))
    applicant(player)

    say(player, CheckState.APPROVED, person=person(player, first_name="Rui", last_name="Melo"))

    case = Case.objects.get(player=player, level=2)
    assert (case.state, level_of(player)) == ("in_review", 1)
    assert "name in the document" in case.staff_words
    assert case.words == ""


@pytest.mark.rule("ACC-04")
def test_a_document_of_another_account_goes_to_a_person(
    player: Player, other_player: Player
) -> None:
    applicant(player)
    say(player, CheckState.APPROVED, person=person(player))
    applicant(other_player, "b1")

    say(
        other_player, CheckState.APPROVED, applicant_ref="b1",
        person=person(other_player, first_name="Eva", last_name="Lund"),
    )  # fmt: skip

    assert level_of(other_player) == 0
    assert PersonMatch.objects.get().by == ["document"]
    assert Case.objects.get(player=other_player, level=2).state == "in_review"


@pytest.mark.rule("AML-10", "AML-06")
def test_secret_grounds_stop_everything_and_are_not_told(player: Player) -> None:
    applicant(player)
    hit = AmlHit("h1", "Ana S", Match.POTENTIAL, (Ground.SANCTIONS,), ("UN",))

    say(
        player, CheckState.REJECTED, grounds=(Ground.SANCTIONS,), labels=("SANCTIONS",),
        words="You are on a sanctions list", aml=AmlCase("c1", is_monitored=True, hits=(hit,)),
    )  # fmt: skip

    case = Case.objects.get(player=player, level=2)
    assert case.words == NEUTRAL
    assert Hit.objects.get(player=player).source == "sumsub"
    assert restrictions.stops(player.pk, Block.WITHDRAW)
    shown = " ".join(one.words for one in restrictions.standing(player.pk)).lower()
    assert "sanction" not in shown


def test_a_hold_at_the_provider_keeps_money_until_it_ends(player: Player) -> None:
    applicant(player)
    say(player, CheckState.APPROVED, person=person(player))

    say(player, CheckState.ON_HOLD, minutes=1)
    assert level_of(player) == 2
    assert {one.code for one in restrictions.standing(player.pk)} == {gates.HELD}

    say(player, CheckState.APPROVED, minutes=2, person=person(player))
    assert restrictions.standing(player.pk) == []


@pytest.mark.rule("AML-04", "AML-22")
def test_what_a_person_refused_no_provider_approves(player: Player, reviewer: User) -> None:
    case = hand_in_everything(player)
    reviews.review(case.public_id, by=reviewer, verdict="reject", reason="r", labels=["forged"])
    applicant(player)

    say(player, CheckState.APPROVED, person=person(player))

    assert level_of(player) == 1
    assert Case.objects.get(pk=case.pk).state == "rejected"


@pytest.mark.rule("K2")
def test_what_our_reviewers_have_is_not_taken_from_them_by_a_check_that_goes_on_elsewhere(
    player: Player,
) -> None:
    case = hand_in_everything(player)
    applicant(player)

    for minutes, state in enumerate((CheckState.PENDING, CheckState.ACTION_NEEDED)):
        say(player, state, minutes=minutes)
    assert [one.case for one in selectors.queue()] == [case]
    assert Case.objects.get(pk=case.pk).state == "in_review"

    say(player, CheckState.APPROVED, minutes=5, person=person(player))
    assert level_of(player) == 2


def test_a_document_that_has_ended_is_asked_for_again(player: Player) -> None:
    applicant(player)
    ended = (DocumentFact("passport", "PT", "AB123456", valid_until=date(2020, 1, 1)),)

    say(player, CheckState.APPROVED, person=person(player, documents=ended))

    case = Case.objects.get(player=player, level=2)
    assert (case.state, level_of(player)) == ("retry", 0)
