"""Cases, signatures, the case file, reports of suspicion, risky deposits."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts.models import Player, User
from apps.audit import proposals
from apps.audit.errors import NotPermitted
from apps.audit.models import Alarm, Record
from apps.core.errors import DomainError, Forbidden, InvalidInput
from apps.events.models import Event
from apps.ledger.models import Block, Wallet
from apps.messaging.models import Mail, Notice
from apps.operator.roles import PERMISSIONS
from apps.payments.models import Deposit
from apps.risk import casefile, linking, origins
from apps.risk.errors import (
    AlreadyDecided,
    ChecklistOpen,
    OwnAccount,
    ReportFinished,
    TakenByOther,
    TakesTwo,
)
from apps.risk.models import Alert, Case, CaseItem, SuspiciousReport
from apps.risk.services import alerts, cases, holds, monitoring, reports, standings
from apps.wallet import restrictions
from tests.conftest import PASSWORD, make_staff
from tests.operator.factories import make_staff as make_operator
from tests.operator.factories import signed_in
from tests.payments.factories import call_back, make_address, recorded
from tests.risk.factories import ask_out, pay_in, stake

pytestmark = pytest.mark.django_db


@pytest.fixture
def compliance(db: None) -> User:
    return make_staff("compliance")


@pytest.fixture
def kyc(db: None) -> User:
    return make_staff("kyc")


def answer_all(case: Case, by: User) -> None:
    for item in case.items.all():
        cases.answer_item(case.public_id, item.code, state="done", note="Seen", by=by)


@pytest.mark.rule("AML-08")
def test_the_threshold_of_the_class_opens_one_case_with_a_checklist(
    player: Player, compliance: User
) -> None:
    pay_in(player, "6000")
    stake(player, "6000", win="6000")
    monitoring.look_at(player.pk)
    assert not Case.objects.exists()
    standings.set_class(player.pk, risk_class="medium", days=30, by=compliance, note="New ground")

    monitoring.look_at(player.pk)
    monitoring.look_at(player.pk)

    case = Case.objects.get()
    assert (case.kind, case.risk_class, case.is_high, case.holds) == (
        "source_of_funds", "medium", False, False,
    )  # fmt: skip
    assert case.reason == (
        "Deposits of 6,000.00 EUR in 30 days reach 5,000.00 EUR, the threshold of the risk class "
        "medium."
    )
    assert case.items.count() == 6
    assert Alert.objects.get(code="funds").case == case
    assert not holds.is_clear(player.pk)

    with pytest.raises(ChecklistOpen):
        cases.decide(case.public_id, outcome="explained", by=compliance, reason="Salary")
    with pytest.raises(InvalidInput):
        cases.answer_item(case.public_id, "income", state="not_needed", note="", by=compliance)
    answer_all(case, compliance)
    cases.add_note(case.public_id, text="Payslip of October", reference="KYC-17", by=compliance)
    cases.decide(case.public_id, outcome="explained", by=compliance, reason="Salary")

    case.refresh_from_db()
    assert (case.state, case.decided_by, case.second_by) == ("decided", compliance, None)
    assert holds.is_clear(player.pk)
    with pytest.raises(AlreadyDecided):
        cases.decide(case.public_id, outcome="explained", by=compliance, reason="Again")


@pytest.mark.rule("AML-08")
def test_above_the_high_threshold_two_people_sign(
    player: Player, kyc: User, compliance: User
) -> None:
    pay_in(player, "26000")
    monitoring.look_at(player.pk)
    case = Case.objects.get()
    assert case.is_high
    answer_all(case, kyc)
    with pytest.raises(TakesTwo):
        cases.decide(case.public_id, outcome="ended", by=compliance, reason="Unclear")
    with pytest.raises(NotPermitted):
        cases.propose_decision(case.public_id, outcome="ended", by=compliance, reason="Unclear")

    asked = cases.propose_decision(case.public_id, outcome="ended", by=kyc, reason="Unclear")
    case.refresh_from_db()
    assert case.is_open
    with pytest.raises(DomainError):
        proposals.approve(asked.public_id, by=kyc, reason="Mine", seen_hash=asked.content_hash)
    proposals.approve(
        asked.public_id, by=compliance, reason="I agree", seen_hash=asked.content_hash
    )

    case.refresh_from_db()
    assert (case.state, case.outcome, case.decided_by, case.second_by) == (
        "decided", "ended", kyc, compliance,
    )  # fmt: skip
    assert Wallet.objects.get(player=player, purse=0).balance == 26000


def test_a_case_may_hold_money_and_lets_go_when_it_is_decided(
    player: Player, compliance: User, kyc: User
) -> None:
    case = cases.open_by_hand(
        player.pk, kind="monitoring", reason="Talk of mules", by=compliance, holds_money=True
    )
    assert restrictions.stops(player.pk, Block.WITHDRAW)
    with pytest.raises(TakenByOther):
        cases.set_hold(case.public_id, on=False, by=kyc, reason="No")
    with pytest.raises(OwnAccount):
        cases.take(case.public_id, by=player.user)
    answer_all(case, compliance)

    cases.decide(case.public_id, outcome="conditions", by=compliance, reason="Explained")

    assert not restrictions.stops(player.pk, Block.WITHDRAW)


def test_an_alert_becomes_a_case(player: Player, compliance: User) -> None:
    pay_in(player, "900")
    ask_out(player, "850")
    monitoring.look_at(player.pk)
    alert = Alert.objects.get(code="no_play")

    case = alerts.open_case(
        alert.public_id, by=compliance, reason="Look deeper", kind="monitoring", holds_money=True
    )

    alert.refresh_from_db()
    assert (alert.state, alert.case) == ("confirmed", case)
    assert restrictions.stops(player.pk, Block.WITHDRAW)


@pytest.mark.rule("AML-08")
def test_the_case_file_is_signed_and_says_nothing_of_reports(
    player: Player, compliance: User, kyc: User, tmp_path: Path
) -> None:
    pay_in(player, "12000")
    monitoring.look_at(player.pk)
    case = Case.objects.get()
    reports.draft(
        player_id=player.pk, case_id=case.pk, narrative="Looks like a mule.", authority="FIU",
        by=compliance,
    )  # fmt: skip
    cases.add_note(case.public_id, text="Payslip", reference="KYC-17", by=kyc)

    made = casefile.export(case.public_id, by=compliance)

    with zipfile.ZipFile(io.BytesIO(made.data)) as found:
        text = found.read("case.json").decode()
    content = json.loads(text)
    assert content["case"]["number"] == case.public_id
    assert len(content["checklist"]) == 6
    assert content["notes_and_documents"][0]["reference"] == "KYC-17"
    assert content["alerts"][0]["rule"] == "funds"
    assert "mule" not in text
    assert "sr_" not in text
    assert casefile.is_genuine(made.data)
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made.data)) as old, zipfile.ZipFile(held, "w") as new:
        new.writestr("case.json", text.replace("12,000", "1,000"))
        new.writestr("case.json.sig", old.read("case.json.sig"))
    assert not casefile.is_genuine(held.getvalue())
    assert not casefile.is_genuine(b"nothing")
    kept = tmp_path / made.name
    kept.write_bytes(made.data)
    call_command("verify_case_file", str(kept))
    kept.write_bytes(held.getvalue())
    with pytest.raises(CommandError):
        call_command("verify_case_file", str(kept))
    assert Record.objects.filter(action="risk.case_exported").count() == 1
    with pytest.raises(Forbidden):
        casefile.export(case.public_id, by=kyc)


# ---- reports of suspicion ------------------------------------------------------------------------


@pytest.mark.rule("AML-10")
def test_a_report_is_written_filed_and_then_stays_as_it_is(
    player: Player, compliance: User, kyc: User
) -> None:
    with pytest.raises(Forbidden):
        reports.draft(player_id=player.pk, narrative="x", authority="FIU", by=kyc)
    report = reports.draft(
        player_id=player.pk, narrative="Looks like a mule.", authority="FIU", by=compliance
    )
    reports.rewrite(report.public_id, narrative="Is a mule.", authority="FIU", by=compliance)

    reports.file(report.public_id, reference="FIU-2026-1", by=compliance)

    row, narrative = reports.read(report.public_id, by=compliance)
    assert (row.state, row.reference, narrative) == ("filed", "FIU-2026-1", "Is a mule.")
    assert b"mule" not in bytes(row.sealed)
    with pytest.raises(ReportFinished):
        reports.rewrite(report.public_id, narrative="No.", authority="FIU", by=compliance)
    with pytest.raises(Forbidden):
        reports.read(report.public_id, by=kyc)


@pytest.mark.rule("AML-10")
def test_nothing_a_player_can_reach_tells_of_a_report(
    player: Player, compliance: User, client: Client
) -> None:
    """Every page and every call of the API that a player may open reads the same as before."""
    pay_in(player, "900")
    client.login(email=player.user.email, password=PASSWORD)
    before = dict(walk(client))
    counts = (
        Event.objects.count(),
        Mail.objects.count(),
        Notice.objects.count(),
        Alarm.objects.count(),
    )
    row = Player.objects.filter(pk=player.pk).values().get()

    report = reports.draft(
        player_id=player.pk, narrative="Pomegranate smuggling.", authority="Seizure office",
        by=compliance,
    )  # fmt: skip
    reports.file(report.public_id, reference="Q-77-Q", by=compliance)

    after = dict(walk(client))
    assert len(after) > 30
    assert {place: status for place, (status, _) in after.items()} == {
        place: status for place, (status, _) in before.items()
    }
    for place, (_, body) in after.items():
        for word in ("pomegranate", "seizure office", "q-77-q", report.public_id):
            assert not says(body, word), (place, word)
        for word in ("suspicious", "suspicion", "sar", "str", "fiu"):
            # Words that a page always has are no sign: Hong Kong is a SAR too.
            assert not says(body, word) or says(before[place][1], word), (place, word)
    assert (
        Event.objects.count(), Mail.objects.count(), Notice.objects.count(), Alarm.objects.count(),
    ) == counts  # fmt: skip
    after_row = Player.objects.filter(pk=player.pk).values().get()
    changed = {name for name in row if row[name] != after_row[name]}
    assert changed <= {"seen_at"}
    assert restrictions.standing(player.pk) == []


# The back office, doors of machines, and two pages that are the same for everybody, and slow.
NOT_WALKED = ("/operator/", "/callbacks", "/metrics", "/api/v1/schema", "/styleguide")


def says(body: str, word: str) -> bool:
    """Whole words only: `sar` is in many."""
    return (
        f" {word} "
        in f" {' '.join(''.join(c if c.isalnum() or c in '-_' else ' ' for c in body).split())} "
    )


def walk(client: Client) -> Iterator[tuple[str, tuple[int, str]]]:
    """Every address without a parameter that is not the back office's."""
    for place in sorted(set(places(get_resolver().url_patterns))):
        if place.startswith(NOT_WALKED) or "logout" in place:
            continue
        answer = client.get(place)
        body = "" if answer.streaming else answer.content.decode(errors="replace").lower()
        yield place, (answer.status_code, body)


def places(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    for one in patterns:
        text = str(one.pattern)
        if "<" in text or "(" in text or "^" in text:
            continue
        if isinstance(one, URLResolver):
            yield from places(one.url_patterns, prefix + text)
        else:
            yield prefix + text


@pytest.mark.rule("AML-10")
def test_staff_outside_compliance_see_no_report_and_no_trace_of_one(
    player: Player, compliance: User
) -> None:
    report = reports.draft(
        player_id=player.pk, narrative="Looks like a mule.", authority="FIU", by=compliance
    )
    pages = [
        "/operator/reports-of-suspicion/",
        f"/operator/reports-of-suspicion/{report.public_id}/",
        "/operator/reports-of-suspicion/new/",
    ]
    readers = [
        "/operator/audit/record/",
        f"/operator/players/{player.pk}/",
        f"/operator/risk/players/{player.pk}/",
        "/operator/audit/alarm/",
    ]
    for role in ("auditor", "administrator"):
        browser = signed_in(make_operator(role))
        for place in pages:
            assert browser.get(place).status_code == 403, (role, place)
        for place in readers:
            body = browser.get(place).content.decode().lower()
            assert "suspicion" not in body, (role, place)
            assert report.public_id not in body, (role, place)
    readers_of_reports = {
        role for role, given in PERMISSIONS.items() if "risk.view_suspiciousreport" in given
    }
    assert readers_of_reports == {"compliance"}
    browser = signed_in(make_operator("compliance"))
    assert browser.get(pages[0]).status_code == 200
    assert "Looks like a mule." in browser.get(pages[1]).content.decode()
    assert "suspicion.drafted" in browser.get("/operator/audit/record/").content.decode()
    assert SuspiciousReport.objects.count() == 1


# ---- where money comes from ----------------------------------------------------------------------


@pytest.mark.rule("AML-15")
def test_coins_from_a_risky_address_are_held_with_a_case(player: Player, settings: object) -> None:
    assert origins.refusal(currency="BTC", riskscore="0.69") == ""
    assert origins.refusal(currency="BTC", riskscore="0.7") == "origin_risk"
    assert origins.refusal(currency="BTC", riskscore="70") == "origin_risk"
    assert origins.refusal(currency="BTC", riskscore="") == ""
    assert origins.refusal(currency="BTC", riskscore="unknown") == ""
    assert origins.refusal(currency="XMR", riskscore="0") == "privacy_coin"

    settings.PAYMENTS_TESTNET = True
    make_address(player)
    body = recorded("deposit_confirmed").replace(b'"0.42"', b'"0.81"')

    assert call_back(body).status == 200
    deposit = Deposit.objects.get()

    assert (deposit.state, deposit.held_because) == ("held", "origin_risk")
    held = Wallet.objects.filter(player=player, balance__gt=0).values_list("purse", "balance")
    assert [(purse, str(sum_.normalize())) for purse, sum_ in held] == [(4, "0.01")]
    case = Case.objects.get()
    assert (case.kind, case.window) == ("deposit", deposit.public_id)
    assert not holds.is_clear(player.pk)


def test_traces_are_digests_of_things_and_crowds_are_no_link(
    player: Player, other_player: Player
) -> None:
    player.terms_ip = other_player.terms_ip = "8.8.8.8"
    player.save()
    other_player.save()
    linking.collect(player.pk)
    linking.collect(other_player.pk)

    (link,) = linking.links_of(player.pk)
    assert (link.strength, link.words) == (20, "the same network address (8.8.8.8)")
    assert linking.network_of("10.0.0.1") == ""
    assert linking.network_of("2a00:1450:4001:80b::200e") == "2a00:1450:4001:80b::/64"
    assert linking.network_of("no address") == ""


def test_the_checklist_is_one_line_per_question() -> None:
    for kind, lines in cases.CHECKLIST.items():
        assert len({code for code, _ in lines}) == len(lines) >= 3, kind
    assert CaseItem.State.values == ["open", "done", "not_needed"]
    assert Deposit.State.HELD == "held"
