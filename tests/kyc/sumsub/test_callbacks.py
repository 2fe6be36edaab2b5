"""What the vendor tells us: signatures, order, repetition, conflicts, and every type there is."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.integrations.models import InboxMessage
from apps.kyc import applicants
from apps.kyc.models import Case, ProviderApplicant, ProviderNotice
from apps.kyc.providers.base import CheckState, Verdict
from apps.kyc.providers.sumsub import signing, wire
from apps.ledger.models import Block
from apps.wallet import restrictions
from tests.conftest import make_player
from tests.kyc.sumsub.conftest import Json, Post, bring, sign
from tests.simulator_client import Sumsub

pytestmark = pytest.mark.django_db
Outcome = ProviderNotice.Outcome
SECRET = "test-sumsub-webhook-secret"


def hook(row: ProviderApplicant, kind: str, status: str = "completed", **more: Any) -> Json:
    """A webhook as the vendor writes them, of this moment unless told otherwise."""
    at = more.pop("at", None) or datetime.now(UTC)
    return {
        "applicantId": row.applicant_ref,
        "inspectionId": row.inspection_ref,
        "correlationId": "req-shared-by-all",
        "levelName": row.level_ref,
        "externalUserId": row.external_ref,
        "type": kind,
        "sandboxMode": True,
        "reviewStatus": status,
        "createdAt": at.strftime("%Y-%m-%d %H:%M:%S+0000"),
        "createdAtMs": at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "clientId": "casino",
        **more,
    }


def tell(document: Json) -> ProviderNotice:
    """Bring a rightly signed webhook to the door; what became of it."""
    body, headers = sign(document)
    assert bring(body, headers).status == 200
    notice = ProviderNotice.objects.order_by("pk").last()
    assert notice is not None
    return notice


def red(kind: str | None = "FINAL", *labels: str) -> Json:
    told = {"reviewAnswer": "RED", "rejectLabels": list(labels), "clientComment": "On a list."}
    return told if kind is None else told | {"reviewRejectType": kind}


def level_of(player: Player) -> int:
    player.refresh_from_db()
    return int(player.kyc_level)


def stopped(player: Player) -> bool:
    return restrictions.stops(player.pk, Block.WITHDRAW)


# ---- signatures -----------------------------------------------------------------------------------


@pytest.mark.rule("SEC-11")
def test_the_vendors_published_vector_is_right(settings: Any) -> None:
    settings.SUMSUB_WEBHOOK_SECRET = "SoMe_SeCrEt_KeY"
    headers = {
        "x-payload-digest": "f6e92ffe371718694d46e28436f76589312df8db",
        "x-payload-digest-alg": "HMAC_SHA1_HEX",
    }

    assert signing.is_genuine(b"someText", headers) is False  # not switched on
    settings.SUMSUB_WEBHOOK_ALGORITHMS = ["HMAC_SHA1_HEX"]
    assert signing.is_genuine(b"someText", headers) is True
    assert signing.is_genuine(b"someText ", headers) is False


@pytest.mark.rule("SEC-11", "AML-04")
def test_nothing_is_read_before_the_digest_of_its_raw_bytes_is_right(settings: Any) -> None:
    settings.SUMSUB_WEBHOOK_ALGORITHMS = ["HMAC_SHA256_HEX", "HMAC_SHA512_HEX", "HMAC_SHA1_HEX"]
    settings.SUMSUB_WEBHOOK_SECRETS = ["cases:secret-of-cases", "cases:secret-of-cases-before"]
    settings.SUMSUB_WEBHOOK_SECRET_PREVIOUS = "the-secret-before"
    body, right = sign({"type": "applicantTagsChanged", "sandboxMode": True})
    digest = right["x-payload-digest"]
    refused: list[tuple[dict[str, str], bytes, str]] = [
        ({}, body, ""),
        ({**right, "x-payload-digest": ""}, body, ""),
        ({**right, "x-payload-digest": f"{digest[:-1]}{int(digest[-1] < '8') * 8}"}, body, ""),
        ({**right, "x-payload-digest": "ï¿½"}, body, ""),
        ({**right, "x-payload-digest-alg": "HMAC_SHA512_HEX"}, body, ""),
        ({**right, "x-payload-digest-alg": "HMAC_MD5_HEX"}, body, ""),
        (right, body.replace(b" ", b""), ""),  # the same JSON, other bytes
        (right, body, "cases"),  # signed by another webhook's secret
        (right, body, "nobody"),
        (sign({"type": "x"}, "")[1], b'{"type": "x"}', ""),
    ]

    assert [bring(sent, headers, path).status for headers, sent, path in refused] == [401] * 10
    assert InboxMessage.objects.count() == 0

    good = [
        (sign({"type": "applicantTagsChanged", "n": n, "sandboxMode": True}, secret, name), path)
        for n, (secret, name, path) in enumerate(
            [
                (SECRET, "HMAC_SHA1_HEX", ""),
                (SECRET, "HMAC_SHA256_HEX", ""),
                (SECRET, "HMAC_SHA512_HEX", ""),
                ("the-secret-before", "HMAC_SHA256_HEX", ""),
                ("secret-of-cases", "HMAC_SHA256_HEX", "cases"),
                ("secret-of-cases-before", "HMAC_SHA256_HEX", "cases/"),
            ]
        )
    ]
    assert [bring(*one, path).status for one, path in good] == [200] * 6
    unnamed = {"x-payload-digest": digest}
    assert bring(body, unnamed).status == 200  # the vendor's default


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[]", b'{"type": null}', b'{"a":' * 3000])
def test_what_nobody_can_read_is_kept_and_told(body: bytes) -> None:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()

    assert bring(body, {"x-payload-digest": digest}).status == 200

    assert InboxMessage.objects.get().state == InboxMessage.State.DONE
    assert Alarm.objects.get().code == "kyc.unreadable"


# ---- every type -----------------------------------------------------------------------------------

NOTHING = [
    *("applicantTagsChanged", "applicantActivated", "applicantActionPending"),
    *("applicantActionLevelChanged", "videoIdentStatusChanged", "videoIdentCompositionCompleted"),
    *("applicantKytTxnCreated", "applicantKytTxnApproved", "applicantKytTxnReviewed"),
    *("applicantKytTxnDeleted", "applicantKytTxnDataChanged"),
    *("kytCaseReviewed", "kytCaseStatusChanged"),
]
FOR_STAFF = [
    *("applicantActionReviewed", "applicantActionOnHold", "applicantKytTxnRejected"),
    *("applicantKytTxnAwaitingUser", "applicantKytOnHold", "kytCaseCreated"),
]
READ = [
    *("applicantCreated", "applicantPending", "applicantPrechecked", "applicantAwaitingUser"),
    *("applicantAwaitingService", "applicantPersonalInfoChanged", "applicantStepsReset"),
    *("applicantReviewed", "applicantWorkflowCompleted", "applicantWorkflowFailed"),
]
LOWER = {
    "applicantOnHold": CheckState.ON_HOLD,
    "applicantReset": CheckState.NOT_STARTED,
    "applicantDeactivated": CheckState.WITHDRAWN,
    "applicantDeleted": CheckState.WITHDRAWN,
    "applicantPersonalDataDeleted": CheckState.WITHDRAWN,
}
LISTS = ["amlCaseApproved", "amlCaseRejected", "amlCaseOnHold"]


@pytest.mark.rule("AML-04")
def test_every_type_the_vendor_sends_is_known_and_does_what_it_may(
    player: Player, approved: ProviderApplicant, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts: list[Verdict] = []
    monkeypatch.setattr(applicants, "apply_verdict", verdicts.append)
    at = datetime.now(UTC)

    def outcome_of(kind: str) -> tuple[str, bool, bool]:
        ProviderApplicant.objects.update(due_at=None, screen_due_at=None, state="approved")
        # A rejection inside an action or a transaction is not one of the player.
        result = red() if kind in NOTHING + FOR_STAFF else {"reviewAnswer": "GREEN"}
        notice = tell(hook(approved, kind, reviewResult=result, at=at))
        approved.refresh_from_db()
        is_read, is_screened = approved.due_at is not None, approved.screen_due_at is not None
        return notice.outcome, is_read, is_screened

    for kind in NOTHING + FOR_STAFF:
        assert outcome_of(kind) == (Outcome.NOTED, False, False), kind
    assert Alarm.objects.get(code="kyc.look").count == len(FOR_STAFF)
    for kind in READ:
        assert outcome_of(kind) == (Outcome.HEARD, True, False), kind
    for kind in LISTS:
        assert outcome_of(kind) == (Outcome.HEARD, False, True), kind
    assert verdicts == []
    for kind, state in LOWER.items():
        is_read = state is not CheckState.WITHDRAWN
        assert outcome_of(kind) == (Outcome.LOWERED, is_read, False), kind
        assert verdicts.pop().state is state, kind
    assert outcome_of("applicantWorkflowRunCompleted") == (Outcome.UNKNOWN, False, False)
    assert outcome_of("applicantLevelChanged") == (Outcome.HEARD, True, False)
    covered = {*NOTHING, *FOR_STAFF, *READ, *LISTS, *LOWER, "applicantLevelChanged"}
    assert covered == set(wire.TYPES)
    assert level_of(player) == 2


@pytest.mark.parametrize(
    ("status", "result", "state"),
    [
        ("init", {}, CheckState.NOT_STARTED),
        ("pending", {"reviewAnswer": "GREEN"}, CheckState.PENDING),
        ("prechecked", {}, CheckState.PENDING),
        ("queued", red(), CheckState.PENDING),
        ("awaitingService", {"reviewAnswer": "GREEN"}, CheckState.PENDING),
        ("awaitingUser", {}, CheckState.ACTION_NEEDED),
        ("onHold", {}, CheckState.ON_HOLD),
        ("completed", {"reviewAnswer": "GREEN"}, CheckState.APPROVED),
        ("completed", red("RETRY", "SANCTIONS"), CheckState.RETRY),
        ("completed", red("FINAL", "LOW_QUALITY"), CheckState.REJECTED),
        ("completed", red(None), CheckState.REJECTED),
        ("completed", red("SOMETHING"), CheckState.REJECTED),
        ("completed", {}, None),
        ("completed", {"reviewAnswer": "YELLOW"}, None),
        ("somethingNew", {"reviewAnswer": "GREEN"}, None),
    ],
)
def test_status_and_answer_are_read_together(
    status: str, result: Json, state: CheckState | None
) -> None:
    found, attention = wire.state_of(status, result)

    assert found == state
    is_odd = state is None or result.get("reviewRejectType", "") not in {"RETRY", "FINAL"}
    if status == "completed" and result.get("reviewAnswer") != "GREEN" and is_odd:
        assert attention


# ---- verdicts -------------------------------------------------------------------------------------


@pytest.mark.rule("AML-04")
def test_an_approval_counts_when_the_vendor_itself_is_asked_and_never_before(
    player: Player, enrolled: ProviderApplicant, vendor: Sumsub
) -> None:
    green = hook(enrolled, "applicantReviewed", reviewResult={"reviewAnswer": "GREEN"})

    assert tell(green).outcome == Outcome.HEARD
    applicants.read_due()

    assert level_of(player) == 1  # the vendor has it at `init`

    vendor.act(enrolled.external_ref, "submit")
    vendor.act(enrolled.external_ref, "decide", answer="GREEN")
    tell(hook(enrolled, "applicantReviewed", reviewResult={"reviewAnswer": "GREEN"}))
    applicants.read_due()
    assert level_of(player) == 2


@pytest.mark.rule("AML-04")
def test_a_refusal_takes_a_level_back_before_the_vendor_is_asked(
    player: Player, approved: ProviderApplicant
) -> None:
    words = {"moderationComment": "Words for the player."}
    again = red("RETRY", "EXPIRATION_DATE") | words
    notice = tell(hook(approved, "applicantReviewed", reviewResult=again))

    assert (notice.outcome, level_of(player)) == (Outcome.LOWERED, 1)
    case = Case.objects.get(player=player, level=2)
    assert (case.state, case.words) == (Case.State.RETRY, "Words for the player.")

    final = red("FINAL", "PEP") | words
    assert tell(hook(approved, "applicantReviewed", reviewResult=final)).outcome == Outcome.LOWERED
    case.refresh_from_db()
    assert case.state == Case.State.REJECTED
    assert not {"player.", "list", "pep"} & set(case.words.lower().split())


@pytest.mark.rule("AML-06", "AML-10")
def test_a_hold_stops_withdrawals_at_once_and_the_player_is_not_told_why(
    player: Player, approved: ProviderApplicant, vendor: Sumsub, post: Post
) -> None:
    vendor.act(approved.external_ref, "hit", risk="sanctions", hold=True)
    post.all()

    assert stopped(player) is True
    told = " ".join(one.words for one in restrictions.standing(player.pk))
    case = Case.objects.get(player=player, level=2)
    assert not {"sanction", "list", "aml", "pep"} & {
        *told.lower().split(),
        *case.words.lower().split(),
    }

    applicants.read_due()
    assert stopped(player) is True

    vendor.act(approved.external_ref, "clear", match="false_positive")
    vendor.act(approved.external_ref, "decide", answer="GREEN")
    post.all()
    ProviderApplicant.objects.update(screen_due_at=datetime.now(UTC))
    applicants.read_due()
    applicants.screen_due()
    approved.refresh_from_db()
    assert approved.screened_at is not None


@pytest.mark.rule("AML-04")
def test_a_reset_and_a_deactivation_void_what_was_approved(
    player: Player, approved: ProviderApplicant, vendor: Sumsub, post: Post, support: Any
) -> None:
    vendor.act(approved.external_ref, "reset")
    post.all()
    assert level_of(player) == 1

    vendor.act(approved.external_ref, "submit")
    vendor.act(approved.external_ref, "decide", answer="GREEN")
    post.all()
    applicants.read_due()
    assert level_of(player) == 2

    vendor.act(approved.external_ref, "presence", active=False)
    post.all()
    assert level_of(player) == 1

    # The vendor still shows GREEN for who is deactivated: a read does not bring it back.
    ProviderApplicant.objects.update(due_at=datetime.now(UTC))
    applicants.read_due()
    assert level_of(player) == 1

    applicants.readmit(player.pk, by=support, reason="They came back.")
    applicants.read_due()
    assert level_of(player) == 2


# ---- repetition, order ----------------------------------------------------------------------------


@pytest.mark.rule("SEC-12")
def test_a_repeated_webhook_and_a_captured_old_one_change_nothing(
    player: Player, enrolled: ProviderApplicant, vendor: Sumsub, post: Post
) -> None:
    vendor.act(enrolled.external_ref, "submit")
    refusal = hook(enrolled, "applicantReviewed", reviewResult=red("RETRY", "LOW_QUALITY"))
    tell(refusal)
    applicants.read_due()
    vendor.act(enrolled.external_ref, "decide", answer="GREEN")
    post.all()
    applicants.read_due()
    assert level_of(player) == 2
    count = ProviderNotice.objects.count()

    tell(refusal)  # replayed, byte for byte
    assert ProviderNotice.objects.count() == count
    captured = hook(
        enrolled,
        "applicantOnHold",
        "onHold",
        at=datetime.now(UTC) - timedelta(minutes=5),
    )
    assert tell(captured).outcome == Outcome.OLD

    assert level_of(player) == 2
    assert stopped(player) is False


def test_events_of_one_request_are_not_taken_for_one(enrolled: ProviderApplicant) -> None:
    at = datetime.now(UTC)

    tell(hook(enrolled, "applicantPersonalInfoChanged", at=at))
    tell(hook(enrolled, "applicantStepsReset", at=at))
    tell(hook(enrolled, "applicantActionReviewed", at=at, applicantActionId="a1"))
    last = tell(hook(enrolled, "applicantActionReviewed", at=at, applicantActionId="a2"))

    assert ProviderNotice.objects.filter(pk__gt=last.pk - 4).count() == 4


def test_a_verdict_that_overtakes_its_pending_stands(
    player: Player, enrolled: ProviderApplicant, vendor: Sumsub, post: Post
) -> None:
    vendor.act(enrolled.external_ref, "submit")
    vendor.act(enrolled.external_ref, "decide", answer="GREEN")
    vendor.settled()
    pending, reviewed = post.casino.asked[-2:]

    bring(reviewed.body, reviewed.headers)
    applicants.read_due()
    bring(pending.body, pending.headers)
    applicants.read_due()

    assert level_of(player) == 2
    assert [one.outcome for one in ProviderNotice.objects.order_by("-pk")[:2]] == ["old", "heard"]


# ---- conflicts ------------------------------------------------------------------------------------


@pytest.mark.rule("AML-05")
def test_a_result_for_another_applicant_or_level_changes_nothing_and_alarms(
    player: Player, approved: ProviderApplicant
) -> None:
    bob = make_player("bob")
    other = ProviderApplicant.objects.create(
        provider="sumsub",
        player=bob,
        external_ref=bob.public_id,
        applicant_ref="0" * 24,
        level="identity",
        level_ref=approved.level_ref,
        created_at=approved.created_at,
    )
    final = {"reviewResult": red("FINAL", "FORGERY")}
    wrong = [
        hook(approved, "applicantReviewed", externalUserId=other.external_ref, **final),
        hook(approved, "applicantReviewed", externalUserId="pl_nobody", **final),
        hook(approved, "applicantReviewed", applicantId="f" * 24, **final),
        hook(approved, "applicantReviewed", levelName="source-of-funds", **final),
        hook(approved, "applicantLevelChanged", levelName="not-one-of-ours"),
    ]

    assert [tell(one).outcome for one in wrong] == [Outcome.CONFLICT] * 5

    assert (level_of(player), level_of(bob)) == (2, 0)
    assert Alarm.objects.filter(code="kyc.conflict", severity="critical").exists()
    assert ProviderApplicant.objects.exclude(due_at=None).count() == 0

    stranger = hook(
        other, "applicantReviewed", applicantId="e" * 24, externalUserId="pl_x", **final
    )
    assert tell(stranger).outcome == Outcome.UNKNOWN
    assert Alarm.objects.filter(code="kyc.unknown_applicant").count() == 1


@pytest.mark.rule("AML-04")
def test_events_of_the_other_environment_are_refused(
    player: Player, approved: ProviderApplicant, settings: Any
) -> None:
    for is_sandbox in (True, False):
        settings.SUMSUB_SANDBOX = is_sandbox
        foreign = hook(
            approved, "applicantReviewed", sandboxMode=not is_sandbox, reviewResult=red("FINAL")
        )

        assert tell(foreign).outcome == Outcome.FOREIGN

    assert level_of(player) == 2
    assert Alarm.objects.get(code="kyc.foreign_notice").severity == "critical"


@pytest.mark.rule("AML-05")
def test_an_approval_of_one_level_is_none_of_another(
    player: Player, approved: ProviderApplicant, vendor: Sumsub, post: Post
) -> None:
    vendor.act(approved.external_ref, "level", level="source-of-funds")
    post.all()
    applicants.read_due()

    approved.refresh_from_db()
    assert (approved.level, approved.state) == ("funds", CheckState.NOT_STARTED)
    assert level_of(player) == 2  # what was approved for identity stays, and is no more than that
    assert not Case.objects.filter(player=player, level=3, state=Case.State.APPROVED).exists()
