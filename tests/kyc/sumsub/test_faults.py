"""The vendor is down, slow, or speaks of somebody else: levels stay, nothing is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.kyc import applicants
from apps.kyc.models import ProviderApplicant, ProviderNotice
from apps.kyc.providers.base import CheckState
from tests.conftest import make_player
from tests.kyc.sumsub.conftest import Post
from tests.kyc.sumsub.test_callbacks import hook, level_of, stopped, tell
from tests.simulator_client import Sumsub, free_port

pytestmark = pytest.mark.django_db


def due_now() -> None:
    ProviderApplicant.objects.exclude(due_at=None).update(due_at=datetime.now(UTC))


@pytest.mark.rule("AML-05")
@pytest.mark.parametrize("how", ["down", "slow", "broken"])
def test_a_provider_that_cannot_be_asked_changes_no_level_and_is_asked_again(
    player: Player,
    enrolled: ProviderApplicant,
    vendor: Sumsub,
    post: Post,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    monkeypatch.setattr("apps.kyc.providers.sumsub.adapter.PAUSE_SECONDS", 0.01)
    vendor.act(enrolled.external_ref, "submit")
    vendor.act(enrolled.external_ref, "decide", answer="GREEN")
    post.all()
    base_url = settings.SUMSUB_BASE_URL
    if how == "down":
        settings.SUMSUB_BASE_URL = f"http://127.0.0.1:{free_port()}"
    elif how == "slow":
        settings.SUMSUB_TIMEOUT_SECONDS = 0.2
        vendor.switches(api_delay_ms=600)
    else:
        vendor.switches(api_answer="error_before")

    assert applicants.read_due() == 1

    enrolled.refresh_from_db()
    assert (level_of(player), enrolled.attempts) == (1, 1)
    assert enrolled.due_at is not None
    assert timedelta(seconds=5) < enrolled.due_at - datetime.now(UTC) < timedelta(seconds=15)

    ProviderApplicant.objects.update(attempts=4)
    due_now()
    if how == "down":
        applicants.read_due()
        assert Alarm.objects.get(code="kyc.provider_silent").severity == "critical"
    settings.SUMSUB_BASE_URL, settings.SUMSUB_TIMEOUT_SECONDS = base_url, 8
    vendor.switches()
    due_now()
    assert applicants.read_due() == 1
    assert level_of(player) == 2


@pytest.mark.rule("AML-05")
def test_another_persons_result_changes_no_level(
    player: Player, approved: ProviderApplicant, vendor: Sumsub, post: Post
) -> None:
    bob = make_player("bob")
    his = applicants.enrol(bob, "identity")
    vendor.act(his.external_ref, "decide", answer="RED", kind="FINAL", labels="FORGERY")
    vendor.options(other_person=his.external_ref)
    tell(hook(approved, "applicantPersonalInfoChanged"))

    applicants.read_due()

    assert (level_of(player), level_of(bob)) == (2, 0)
    approved.refresh_from_db()
    assert approved.state == CheckState.APPROVED
    alarm = Alarm.objects.get(code="kyc.conflict", subject=str(approved))
    assert "somebody else" in alarm.message


def test_a_hold_is_in_force_though_the_provider_is_down(
    player: Player, approved: ProviderApplicant, vendor: Sumsub, settings: Any
) -> None:
    settings.SUMSUB_BASE_URL = f"http://127.0.0.1:{free_port()}"

    tell(hook(approved, "applicantOnHold", "onHold"))
    applicants.read_due()

    assert stopped(player) is True


def test_what_no_webhook_told_is_found_by_asking(
    player: Player, enrolled: ProviderApplicant, vendor: Sumsub
) -> None:
    vendor.act(enrolled.external_ref, "submit")
    vendor.act(enrolled.external_ref, "decide", answer="GREEN")
    assert applicants.reconcile() == 0  # it was read just now

    assert applicants.reconcile(at=datetime.now(UTC) + timedelta(minutes=61)) == 1
    due_now()
    applicants.read_due()

    assert level_of(player) == 2
    assert ProviderNotice.objects.count() == 1
    assert applicants.reconcile(at=datetime.now(UTC) + timedelta(days=1)) == 0


def test_a_notice_that_comes_while_it_is_read_has_it_read_again(
    player: Player, enrolled: ProviderApplicant, vendor: Sumsub, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.act(enrolled.external_ref, "submit")
    tell(hook(enrolled, "applicantPending", "pending"))
    real = applicants._steps_of

    def meanwhile(*told: Any) -> Any:
        monkeypatch.setattr(applicants, "_steps_of", real)
        vendor.act(enrolled.external_ref, "decide", answer="GREEN")
        tell(hook(enrolled, "applicantReviewed", reviewResult={"reviewAnswer": "GREEN"}))
        return real(*told)

    monkeypatch.setattr(applicants, "_steps_of", meanwhile)
    applicants.read_due()
    assert level_of(player) == 1

    assert applicants.read_due() == 1
    assert level_of(player) == 2


@pytest.mark.rule("AML-06")
def test_watch_lists_are_read_after_an_approval_asked_anew_on_wish_and_daily(
    player: Player, approved: ProviderApplicant, vendor: Sumsub
) -> None:
    assert approved.screen_due_at is not None
    applicants.screen_due()
    approved.refresh_from_db()
    assert approved.screened_at is not None
    assert approved.screen_due_at is not None
    ahead = approved.screen_due_at - datetime.now(UTC)
    assert timedelta(hours=23) < ahead < timedelta(hours=25)

    assert applicants.ask_screening(player.pk, fresh=True) is True
    applicants.screen_due()
    approved.refresh_from_db()
    assert approved.screen_asked_at is not None
    vendor.act(approved.external_ref, "hit", risk="pep", match="true_positive")
    ProviderApplicant.objects.update(screen_due_at=datetime.now(UTC))
    applicants.screen_due()

    assert stopped(player) is True
    assert applicants.ask_screening(make_player().pk) is False
