"""The back office's page of a player at the provider: who sees what, and every look recorded."""

import re

import pytest
from django.test import Client

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.kyc import applicants
from apps.kyc.models import ProviderApplicant
from tests.conftest import make_staff
from tests.kyc.factories import make_reviewer
from tests.kyc.sumsub.conftest import Post
from tests.kyc.test_desk import signed_in
from tests.simulator_client import Sumsub

pytestmark = pytest.mark.django_db


@pytest.mark.rule("AML-19")
def test_pictures_at_the_provider_are_shown_after_a_reason_and_every_look_is_recorded(
    player: Player, approved: ProviderApplicant, vendor: Sumsub
) -> None:
    place = f"/operator/players/{player.pk}/provider/"
    reviewer = make_reviewer()
    desk = signed_in(reviewer)
    shown = desk.get(place)
    assert (shown.status_code, b"applicantReviewed" in shown.content) == (200, True)
    assert b"pictures/" not in shown.content
    assert desk.post(place, {"reason": ""}).status_code == 422

    looked = desk.post(place, {"reason": "A second look."})

    urls = re.findall(rf"{place}pictures/[^\"]+", looked.content.decode())
    assert len(urls) == 3
    seen = desk.get(urls[0])
    assert (seen.status_code, seen["Content-Type"]) == (200, "image/png")
    assert "no-store" in seen["Cache-Control"]
    told = Record.objects.filter(action__in=["kyc.papers_listed", "kyc.picture_viewed"])
    assert {(one.action, one.actor_id, one.reason) for one in told} == {
        ("kyc.papers_listed", str(reviewer.pk), "A second look."),
        ("kyc.picture_viewed", str(reviewer.pk), "A second look."),
    }
    other = signed_in(make_reviewer("other"))
    assert other.get(urls[0]).status_code == 404
    assert Client().get(urls[0]).status_code in {302, 404}
    vendor.switches(api_answer="refuse")
    assert desk.post(place, {"reason": "Again."}).status_code == 422


@pytest.mark.rule("AML-04")
def test_staff_with_the_right_have_everything_asked_for_again(
    player: Player, approved: ProviderApplicant, vendor: Sumsub, post: Post
) -> None:
    place = f"/operator/players/{player.pk}/provider/reopen/"
    stranger = signed_in(make_staff("support"))
    assert stranger.post(place, {"reason": "Because."}).status_code == 403
    assert vendor.applicant(approved.external_ref)["status"] == "completed"

    desk = signed_in(make_reviewer())
    assert desk.post(place, {"reason": "The address changed."}).status_code == 302

    post.all()
    applicants.read_due()
    player.refresh_from_db()
    assert player.kyc_level == 1
    assert Record.objects.get(action="kyc.reopened").reason == "The address changed."
    assert desk.post(place.replace("reopen", "nothing")).status_code == 404
