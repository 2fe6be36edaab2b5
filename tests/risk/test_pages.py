"""The desk of risk and complaints: who gets in, every button once, and a look with a browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from apps.accounts.models import Player
from apps.audit.models import Proposal
from apps.payments.models import SavedAddress
from apps.risk import linking, rulebook
from apps.risk.models import Alert, Breach, Case, Complaint, Insider, RuleVersion, SuspiciousReport
from apps.risk.services import cases, complaints, monitoring, standings
from apps.risk.services.complaints import Letter
from tests.conftest import PASSWORD, make_player
from tests.operator.factories import code_of, make_staff, signed_in
from tests.operator.test_browser import RULES, faults
from tests.payments.factories import WALLET_ADDRESS
from tests.payments.factories import rail as btc_rail
from tests.risk.factories import ask_out, pay_in
from tests.site.browser import DESKTOP, PHONE, visiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def ring(db: None) -> list[Player]:
    """Three accounts with one wallet, of which the first wants its money out unplayed."""
    found = [make_player(name) for name in ("bramble", "thistle", "sedge")]
    for player in found:
        pay_in(player, "1200")
        SavedAddress.objects.create(
            player=player, rail=btc_rail(), label="Mine", address=WALLET_ADDRESS,
            created_at=player.created_at, usable_at=player.created_at,
        )  # fmt: skip
        linking.collect(player.pk)
    ask_out(found[0], "1100")
    for player in found:
        monitoring.look_at(player.pk)
    return found


def test_every_button_of_the_desk_does_its_act(ring: list[Player]) -> None:
    compliance, kyc = make_staff("compliance"), make_staff("kyc")
    browser = signed_in(compliance)
    risk = "/operator/risk"
    alert = Alert.objects.get(player=ring[0], code="no_play")

    def post(place: str, status: int = 302, by: Client = browser, **data: object) -> None:
        answer = by.post(place, data)
        assert answer.status_code == status, (place, answer.content.decode()[:3000])

    post(f"{risk}/alerts/{alert.public_id}/take/")
    post(f"{risk}/alerts/{alert.public_id}/case/", kind="monitoring", reason="A ring", holds="on")
    case = Case.objects.get(kind="monitoring")
    place = f"{risk}/cases/{case.public_id}"
    post(f"{place}/decide/", 422, outcome="explained", reason="Too early")
    for item in case.items.all():
        post(f"{place}/items/{item.code}/", state="done", note="Seen")
    post(f"{place}/note/", text="Payslip", reference="KYC-4")
    post(f"{place}/hold/", reason="No ground any more")
    post(f"{place}/decide/", outcome="explained", reason="Three brothers")
    case.refresh_from_db()
    assert (case.state, case.decided_by) == ("decided", compliance)
    file = browser.post(f"{place}/file/")
    assert file.headers["content-type"] == "application/zip"

    post(f"{risk}/players/{ring[1].pk}/case/", kind="source_of_funds", reason="Large", is_high="on")
    high = Case.objects.get(player=ring[1], kind="source_of_funds")
    high.items.update(state="done")
    Case.objects.filter(pk=high.pk).update(owner=None)
    signer = signed_in(kyc)
    post(f"{risk}/cases/{high.public_id}/decide/", 422, outcome="ended", reason="Alone")
    post(f"{risk}/cases/{high.public_id}/propose/", by=signer, outcome="ended", reason="No papers")
    asked = Proposal.objects.get(act="risk_case")
    post(
        f"/operator/proposals/{asked.public_id}/approve/", seen=asked.content_hash,
        reason="Agreed", code=code_of(compliance),
    )  # fmt: skip
    high.refresh_from_db()
    assert (high.outcome, high.decided_by, high.second_by) == ("ended", kyc, compliance)

    version = rulebook.current("no_play")
    figures = {"hours": "24", "staked": "10", "amount": "200"}
    post(
        f"{risk}/rules/no_play/change/", mode="shadow", effect="hold", weight=10, decide_hours=48,
        seen_version=version.version, reason="Calmer", **figures,
    )  # fmt: skip
    post(
        f"{risk}/rules/no_play/change/", 422, mode="live", effect="hold", weight=10,
        decide_hours=48, seen_version=version.version, reason="Late", **figures,
    )  # fmt: skip
    assert RuleVersion.objects.filter(code="no_play").count() == 2
    tried = browser.get(f"{risk}/rules/no_play/back-test/", {**figures, "days_back": "30"})
    assert "Found with these figures" in tried.content.decode()
    figures = {"turnover": "300", "days": "30", "amount": "20", "days_back": "7"}
    tried = browser.get(f"{risk}/rules/turnover/back-test/", figures)
    assert "Only with these figures" in tried.content.decode()
    assert browser.get(f"{risk}/rules/no_play/back-test/", {"days_back": "x"}).status_code == 422

    post(f"{risk}/players/{ring[2].pk}/class/", risk_class="high", days=30, reason="Known")
    assert standings.class_of(ring[2].pk) == "high"
    complaint = complaints.file(ring[1], Letter("game", "It froze", "In the last spin."))
    post(f"/operator/complaints/{complaint.public_id}/take/")
    post(f"/operator/complaints/{complaint.public_id}/answer/", text="Paid.", outcome="upheld")
    complaint.refresh_from_db()
    assert (complaint.state, complaint.owner) == ("closed", compliance)
    post(
        "/operator/breaches/new/", kind="personal_data", title="A mail", happened="To another.",
        people_count=1, discovered_at_0="2026-01-05", discovered_at_1="10:00",
    )  # fmt: skip
    breach = Breach.objects.get()
    for act, data in (
        ("note", {"text": "Called them"}),
        ("not-notified", {"reason": "No risk: it was encrypted"}),
        ("people", {"reason": "By mail"}),
        ("close", {"reason": "Mails are checked"}),
    ):
        post(f"/operator/breaches/{breach.public_id}/{act}/", **data)
    post("/operator/insiders/new/", email="me@casino.test", relation="staff", reason="Hired")
    post(f"/operator/insiders/{Insider.objects.get().pk}/remove/", reason="Left")
    new = "/operator/reports-of-suspicion/new/"
    post(new, 422, player="pl_nobody", authority="FIU", narrative="x")
    post(new, player=ring[0].public_id, authority="FIU", narrative="A ring.")
    report = f"/operator/reports-of-suspicion/{SuspiciousReport.objects.get().public_id}"
    post(f"{report}/rewrite/", authority="FIU", narrative="A ring of three.")
    post(f"{report}/file/", reference="FIU-1")
    post(f"{report}/drop/", 422, reason="Too late")
    assert SuspiciousReport.objects.get().state == "filed"
    assert Complaint.objects.get().outcome == "upheld"


@pytest.mark.browser
def test_the_desk_and_the_players_pages_are_sound(ring: list[Player]) -> None:
    """Both sizes, no fault in the console, axe clean; the graph is there as a table too."""
    case = cases.open_by_hand(ring[0].pk, kind="monitoring", reason="A ring", by=make_staff("kyc"))
    alert = Alert.objects.filter(player=ring[0], code="no_play").get()
    pages = [
        f"/operator/risk/alerts/{alert.public_id}/",
        f"/operator/risk/cases/{case.public_id}/",
        f"/operator/risk/players/{ring[0].pk}/",
    ]
    with visiting(signed_in(make_staff("compliance")), DESKTOP) as visit:
        for place in pages:
            visit.open(place)
            assert visit.width_overflow(PHONE) <= 0, place
            found = Axe().run(visit.page, options=RULES).response["violations"]
            assert found == [], (place, [(one["id"], one["nodes"][0]["html"]) for one in found])
        assert visit.page.locator(".ops-graph circle").count() == 3
        assert visit.page.locator("[aria-label=Links] tbody tr").count() == 3
    assert faults(visit) == []

    client = Client()
    client.login(email=ring[1].user.email, password=PASSWORD)
    with visiting(client, DESKTOP) as visit:
        page = visit.page
        visit.open("/account/complaints/new/")
        page.focus("select[name=kind]")
        page.keyboard.press("Tab")
        page.keyboard.type("By keyboard")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("All of it.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=By keyboard")
        assert visit.width_overflow(PHONE) <= 0
        found = Axe().run(page, options=RULES).response["violations"]
        assert found == [], [(one["id"], one["nodes"][0]["html"]) for one in found]
    assert faults(visit) == []
    assert Complaint.objects.filter(player=ring[1], subject="By keyboard").count() == 1
