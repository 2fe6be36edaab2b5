"""Levels, steps, reviews: who may decide, what follows."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.kyc import gates, selectors
from apps.kyc.errors import NotPermitted, SameReviewer, StepsMissing, WrongState
from apps.kyc.models import Case, PersonRecord
from apps.kyc.services import cases, reviews
from apps.ledger.models import Block
from apps.wallet import restrictions
from tests.conftest import make_staff
from tests.kyc.factories import IN_DATE, hand_in_everything, make_details, picture

pytestmark = pytest.mark.django_db
State = Case.State


def test_details_that_fit_are_verified_at_once_and_lie_sealed(player: Player) -> None:
    case = cases.declare(player=player, details=make_details(player))

    player.refresh_from_db()
    assert (case.state, player.kyc_level) == (State.APPROVED, 1)
    record = PersonRecord.objects.get(pk=player.pk)
    assert b"Ana" not in bytes(record.sealed)
    assert b"Porto" not in bytes(record.sealed)


def test_a_birth_date_that_is_not_the_registrations_goes_to_a_person(player: Player) -> None:
    case = cases.declare(player=player, details=make_details(player, birth_date="1980-01-01"))

    player.refresh_from_db()
    assert (case.state, player.kyc_level) == (State.IN_REVIEW, 0)
    assert [one.case for one in selectors.queue()] == [case]


def test_nothing_is_reviewed_before_every_step_is_handed_in(player: Player) -> None:
    cases.declare(player=player, details=make_details(player))
    cases.hand_in(player=player, level=2, kind="document", name="a.jpg", content=picture())

    with pytest.raises(StepsMissing):
        cases.submit(player=player, level=2)

    assert Case.objects.get(player=player, level=2).state == State.OPEN


@pytest.mark.rule("AML-04")
def test_only_a_reviewer_with_the_right_raises_a_level(
    player: Player, reviewer: User, support: User
) -> None:
    case = hand_in_everything(player)

    with pytest.raises(NotPermitted):
        reviews.review(
            case.public_id, by=support, verdict="approve", reason="fine", valid_until=IN_DATE
        )
    player.refresh_from_db()
    assert player.kyc_level == 1

    reviews.review(
        case.public_id, by=reviewer, verdict="approve", reason="All fits", valid_until=IN_DATE
    )
    player.refresh_from_db()
    assert player.kyc_level == 2
    row = Record.objects.get(action="player.kyc_level_changed", after={"kyc_level": 2})
    assert (row.actor_label, row.reason) == (str(reviewer), "All fits")


@pytest.mark.rule("AML-04")
def test_a_level_goes_down_as_well(player: Player, reviewer: User) -> None:
    case = hand_in_everything(player)
    reviews.review(
        case.public_id, by=reviewer, verdict="approve", reason="fine", valid_until=IN_DATE
    )

    cases.set_level(player_id=player.pk, level=0, by=reviewer, reason="It was forged")

    player.refresh_from_db()
    assert player.kyc_level == 0


def test_asking_again_says_why_and_for_which_step(player: Player, reviewer: User) -> None:
    case = hand_in_everything(player)

    reviews.review(
        case.public_id, by=reviewer, verdict="retry", reason="glare", labels=["blurred"],
        again=["document"],
    )  # fmt: skip

    case.refresh_from_db()
    assert case.state == State.RETRY
    assert case.words == reviews.LABELS["blurred"]
    states = dict(case.steps.values_list("kind", "state"))
    assert states == {"document": "retry", "selfie": "given", "address": "given"}
    cases.hand_in(player=player, level=2, kind="document", name="b.png", content=picture("PNG"))
    assert cases.submit(player=player, level=2).state == State.IN_REVIEW
    assert case.documents.filter(kind="document", is_replaced=False).count() == 1


def test_source_of_funds_takes_two_reviewers(
    player: Player, reviewer: User, second_reviewer: User
) -> None:
    cases.set_level(player_id=player.pk, level=2, by=reviewer, reason="test")
    case = hand_in_everything(player, level=3)

    reviews.review(case.public_id, by=reviewer, verdict="approve", reason="payslips")
    player.refresh_from_db()
    assert player.kyc_level == 2
    with pytest.raises(SameReviewer):
        reviews.review(case.public_id, by=reviewer, verdict="approve", reason="again")

    reviews.review(case.public_id, by=second_reviewer, verdict="approve", reason="agreed")
    player.refresh_from_db()
    assert player.kyc_level == 3


@pytest.mark.rule("AML-22")
def test_a_refusal_stops_everything_and_another_person_decides_what_is_contested(
    player: Player, reviewer: User, second_reviewer: User
) -> None:
    case = hand_in_everything(player)
    reviews.review(case.public_id, by=reviewer, verdict="reject", reason="r", labels=["forged"])
    case.refresh_from_db()
    assert "forged" not in case.words.lower()
    assert restrictions.stops(player.pk, Block.WITHDRAW)

    cases.contest(player=player, level=2, text="It is my document.")
    with pytest.raises(SameReviewer):
        reviews.review(
            case.public_id, by=reviewer, verdict="approve", reason="hm", valid_until=IN_DATE
        )
    reviews.review(
        case.public_id, by=second_reviewer, verdict="approve", reason="ok", valid_until=IN_DATE
    )

    player.refresh_from_db()
    assert player.kyc_level == 2
    assert restrictions.standing(player.pk) == []
    with pytest.raises(WrongState):
        cases.contest(player=player, level=2, text="once more")


@pytest.mark.rule("AML-07")
def test_a_document_that_ends_opens_the_case_and_play_goes_on_for_the_grace(
    player: Player, reviewer: User
) -> None:
    case = hand_in_everything(player)
    reviews.review(
        case.public_id, by=reviewer, verdict="approve", reason="ok", valid_until=now().date()
    )
    assert reviews.expire_due() == 0
    Case.objects.filter(pk=case.pk).update(valid_until=now().date() - timedelta(days=1))

    assert reviews.expire_due() == 1
    reviews.end_grace_due()

    player.refresh_from_db()
    case.refresh_from_db()
    assert (case.state, player.kyc_level) == (State.EXPIRED, 1)
    assert not restrictions.stops(player.pk, Block.PLAY)

    Case.objects.filter(pk=case.pk).update(valid_until=now().date() - timedelta(days=31))
    reviews.end_grace_due()
    assert {one.code for one in restrictions.standing(player.pk)} == {gates.EXPIRED}
    assert restrictions.stops(player.pk, Block.PLAY)
    assert not restrictions.stops(player.pk, Block.WITHDRAW)

    cases.hand_in(player=player, level=2, kind="document", name="n.jpg", content=picture())
    cases.submit(player=player, level=2)
    reviews.review(
        case.public_id, by=reviewer, verdict="approve", reason="new", valid_until=IN_DATE
    )
    assert not restrictions.stops(player.pk, Block.PLAY)


def test_an_approval_needs_the_end_of_the_document(player: Player, reviewer: User) -> None:
    case = hand_in_everything(player)

    with pytest.raises(InvalidInput):
        reviews.review(case.public_id, by=reviewer, verdict="approve", reason="ok")

    assert Case.objects.get(pk=case.pk).state == State.IN_REVIEW
    assert not case.reviews.exists()


@pytest.mark.rule("AML-02", "K3")
def test_the_page_tells_before_the_first_deposit_what_is_asked_and_when(
    player: Player, client: Client
) -> None:
    client.force_login(player.user)

    page = client.get("/account/verification/").content.decode()

    for words in ("Cash-out readiness", "2,000", "180 days", "proof of address", "level 1"):
        assert words in page, words


def test_the_whole_way_over_the_pages(
    player: Player, other_player: Player, client: Client, reviewer: User
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(player.user)
    told = vars(make_details(player))
    assert client.post("/account/verification/details/", {**told, "city": ""}).status_code == 422
    assert client.post("/account/verification/details/", told).status_code == 302
    for kind in ("document", "selfie", "address"):
        sent = SimpleUploadedFile("x.jpg", picture(), content_type="image/jpeg")
        answer = client.post(f"/account/verification/2/{kind}/", {"file": sent})
        assert answer.status_code == 302, answer.content.decode()[-1500:]
    bad = SimpleUploadedFile("x.svg", b"<svg onload=alert(1)>", content_type="image/svg+xml")
    refused = client.post("/account/verification/2/document/", {"file": bad})
    assert refused.status_code == 422
    case = Case.objects.get(player=player, level=2)
    document = case.documents.first()
    assert document is not None
    stranger = Client()
    stranger.force_login(other_player.user)
    stolen = stranger.post("/account/verification/files/remove/", {"document": document.public_id})
    assert stolen.status_code == 404
    assert client.post("/account/verification/2/submit/").status_code == 302
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW
    page = client.get("/account/verification/").content.decode()
    assert "In review" in page
    assert "We have everything" in page


def test_strangers_and_staff_have_no_verification_page(client: Client) -> None:
    assert client.get("/account/verification/").status_code == 302
    staff: Any = make_staff("support")
    client.force_login(staff)
    assert client.get("/account/verification/").status_code == 403
