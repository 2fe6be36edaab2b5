"""Calls to the vendor, over HTTP against its simulator: paths, signatures, refusals, patience."""

import time
from datetime import date
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.core import rate_limits
from apps.integrations.errors import NotAsked, ProviderError
from apps.kyc import applicants
from apps.kyc.models import ProviderApplicant
from apps.kyc.providers.base import (
    Applicant,
    CheckState,
    Ground,
    Match,
    PersonFact,
    Refused,
    Upload,
)
from apps.kyc.providers.sumsub import adapter, signing
from apps.kyc.providers.sumsub.adapter import Sumsub as Adapter
from tests.simulator_client import Sumsub

pytestmark = pytest.mark.django_db
NAMED = "Identité & 50% +1 (v2)"
PNG = b"\x89PNG a picture"


def a_file(content: bytes = PNG, kind: str = "passport", **changed: Any) -> Upload:
    told: dict[str, Any] = {"content_type": "image/png", "name": 'pass "1".png', "country": "DE"}
    return Upload(kind=kind, content=content, **{**told, **changed})


def enrol(sumsub: Adapter, external_ref: str = "pl_one") -> str:
    return sumsub.enrol(
        external_ref=external_ref,
        level="identity",
        email="a@example.com",
        declared=PersonFact("Ana", "Sørensen", date(1990, 5, 17), "DE"),
        language="en",
    ).applicant_ref


def test_a_level_with_an_odd_name_is_signed_as_it_is_sent(vendor: Sumsub, settings: Any) -> None:
    settings.SUMSUB_LEVELS = [f"identity:{NAMED}", "funds:source-of-funds"]
    sumsub = Adapter()

    ref = enrol(sumsub)
    sumsub.move_to_level(ref, "funds")
    settings.SUMSUB_TOKEN_FORM = "query"
    terms = sumsub.frame(external_ref="pl_one", level="identity", email="", language="en")

    kept = vendor.applicant("pl_one")
    assert kept["fixedInfo"] == {
        "firstName": "Ana",
        "lastName": "Sørensen",
        "dob": "1990-05-17",
        "country": "DEU",
    }
    assert kept["level"] == "source-of-funds"
    assert terms.token.startswith("_act-sbx-")


def test_somebody_who_is_there_already_is_adopted_and_not_made_again(vendor: Sumsub) -> None:
    sumsub = Adapter()
    first = enrol(sumsub)

    assert enrol(sumsub) == first
    assert sumsub.exists("pl_one") is True
    assert sumsub.exists("pl_nobody") is False
    assert sumsub.read(Applicant("pl_nobody")) is None
    found = sumsub.read(Applicant("pl_one"))
    assert found is not None
    assert (found.applicant_ref, found.state) == (first, CheckState.NOT_STARTED)


def test_documents_go_in_and_come_back_as_they_were(vendor: Sumsub) -> None:
    sumsub = Adapter()
    ref = enrol(sumsub)

    clean = sumsub.upload(ref, a_file())
    doubtful = sumsub.upload(ref, a_file(b"\x89PNG grayscale", "id_card", side="back"))
    useless = sumsub.upload(ref, a_file(b"\x89PNG screenshot", "selfie"))

    assert (clean.errors, clean.warnings) == ((), ())
    assert doubtful.warnings == ("grayscale",)
    assert useless.errors == ("screenshot",)
    inspection = vendor.applicant("pl_one")["inspectionId"]
    assert sumsub.image(inspection, clean.image_ref) == (PNG, "image/png")
    states = {one.step: one.state for one in sumsub.steps(ref)}
    assert states == {
        "document": CheckState.PENDING,
        "selfie": CheckState.PENDING,
        "address": CheckState.NOT_STARTED,
    }
    with pytest.raises(Refused) as refused:
        sumsub.upload(ref, a_file(b"\x89PNG grayscale", "id_card", side="back"))
    assert refused.value.code == "duplicate-document"
    vendor.options(bare_errors=True)
    with pytest.raises(Refused, match=r"empty .*correlation req-") as refused:
        sumsub.upload(ref, a_file(b""))
    assert refused.value.code == "400"


def test_steps_status_reset_and_clarification_are_asked_for(vendor: Sumsub) -> None:
    sumsub = Adapter()
    ref = enrol(sumsub)
    sumsub.upload(ref, a_file())
    sumsub.ask_for_review(ref, "all of it & more")
    assert sumsub.status(ref) == "pending"

    sumsub.decide_in_sandbox(
        ref,
        {
            "reviewAnswer": "RED",
            "reviewRejectType": "RETRY",
            "rejectLabels": ["LOW_QUALITY"],
            "moderationComment": "Blurred.",
            "clientComment": "Looks odd.",
        },
    )

    (document, *_) = sumsub.steps(ref)
    assert (document.state, document.words) == (CheckState.RETRY, "Blurred.")
    assert sumsub.why_refused(ref) == "Blurred.\nLooks odd.\nLOW_QUALITY"
    sumsub.reopen(ref, "document")
    assert vendor.applicant("pl_one")["docs"] == {}
    sumsub.reopen(ref)
    sumsub.deactivate(ref)
    assert vendor.applicant("pl_one")["active"] is False
    sumsub.activate(ref)
    assert vendor.applicant("pl_one")["active"] is True
    assert sumsub.is_well() is True


def test_watch_lists_are_asked_anew_only_for_the_approved(vendor: Sumsub) -> None:
    sumsub = Adapter()
    ref = enrol(sumsub)
    with pytest.raises(Refused):
        sumsub.screen_again(ref)
    assert sumsub.aml_case(ref) is None

    vendor.act("pl_one", "decide", answer="GREEN")
    sumsub.screen_again(ref)
    vendor.act("pl_one", "hit", risk="pep", match="potential_match", name="Ana S.")
    vendor.act("pl_one", "hit", risk="adverseMedia", match="false_positive")
    vendor.act("pl_one", "hit", risk="sanctions", match="something_new")

    case = sumsub.aml_case(ref)
    assert case is not None
    assert set(case.grounds) == {Ground.PEP, Ground.ADVERSE_MEDIA, Ground.SANCTIONS}
    assert [(hit.match, hit.is_open) for hit in case.hits] == [
        (Match.POTENTIAL, True),
        (Match.FALSE, False),
        (Match.UNKNOWN, True),
    ]
    assert (case.is_monitored, case.hits[0].name) == (True, "Ana S.")


def test_too_many_calls_are_tried_again_after_a_pause(
    vendor: Sumsub, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    sumsub = Adapter()
    ref = enrol(sumsub)

    vendor.switches(api_answer="limited", remaining=2)
    assert sumsub.status(ref) == "init"
    assert len(pauses) == 2
    assert 0.28 <= pauses[0] <= 0.52 < 0.56 <= pauses[1] <= 1.04

    # What may have been done already and must not be done twice is not repeated.
    vendor.switches(api_answer="error_after", remaining=1)
    with pytest.raises(ProviderError) as failed:
        sumsub.upload(ref, a_file())
    assert (failed.value.retryable, failed.value.outcome_unknown) == (True, True)
    assert len(vendor.applicant("pl_one")["docs"]["IDENTITY"]["pictures"]) == 1


def test_the_vendors_allowance_is_kept_without_asking(
    vendor: Sumsub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = enrol(Adapter())
    for _ in range(10):
        rate_limits.hit("sumsub_case", account="sumsub")
    sent: list[str] = []
    monkeypatch.setattr(adapter, "_send", lambda *told: sent.append(told[1]))

    with pytest.raises(NotAsked):
        Adapter().aml_case(ref)

    assert sent == []


@pytest.mark.parametrize("broken", ["key", "clock"])
def test_a_wrong_key_or_clock_is_a_fault_of_ours_and_told_at_once(
    vendor: Sumsub, settings: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    if broken == "key":
        settings.SUMSUB_SECRET_KEY = "another-key-altogether"
    else:
        moment = time.time() - 90
        monkeypatch.setattr(signing.time, "time", lambda: moment)

    with pytest.raises(ProviderError) as failed:
        enrol(Adapter())

    assert failed.value.retryable is False
    assert Alarm.objects.get(code="kyc.provider_refuses").severity == "critical"


def test_a_vendor_that_keeps_failing_is_left_alone(
    vendor: Sumsub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    ref = enrol(Adapter())
    vendor.switches(api_answer="error_before")
    for _ in range(2):
        with pytest.raises(ProviderError):
            Adapter().status(ref)

    vendor.switches()
    with pytest.raises(NotAsked):
        Adapter().status(ref)


@pytest.mark.rule("AML-05")
def test_a_token_is_for_nobody_but_the_player_it_was_asked_for(
    player: Player, enrolled: ProviderApplicant, vendor: Sumsub, settings: Any
) -> None:
    terms = applicants.frame(player, "identity")

    assert terms.options["origin"] == settings.SUMSUB_FRAME_ORIGIN
    whose = vendor.http.get("/websdk/api/state", headers={"X-Access-Token": terms.token}).json()
    assert whose["applicantId"] == enrolled.applicant_ref
    link = Adapter().hosted_link(external_ref=enrolled.external_ref, level="identity", email="")
    assert link.startswith(f"{vendor.origin}/websdk/websdk.html#token=")
