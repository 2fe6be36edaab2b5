"""Complaints, breaches, and people who work here."""

from datetime import date, timedelta

import pytest
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit.models import Alarm, Record
from apps.core.clock import now
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.events.bus import deliver_due
from apps.ledger.models import Block
from apps.messaging.models import Notice
from apps.risk import bodies
from apps.risk.errors import ComplaintClosed, TooManyComplaints
from apps.risk.models import Breach, Complaint
from apps.risk.services import breaches, complaints, insiders
from apps.risk.services.breaches import Discovery
from apps.risk.services.complaints import Letter
from apps.wallet import movements, restrictions
from apps.wallet.errors import WalletBlocked
from apps.wallet.movements import Bet
from apps.wallet.services import open_wallet
from tests.conftest import PASSWORD, make_player, make_staff
from tests.risk.factories import eur, pay_in

pytestmark = pytest.mark.django_db
LETTER = Letter("payment", "Where is my money", "I asked on Monday.", "wd_123")


@pytest.fixture
def compliance(db: None) -> User:
    return make_staff("compliance")


@pytest.mark.rule("ACC-20")
def test_a_complaint_has_a_number_a_date_and_the_whole_correspondence(
    player: Player, support: User
) -> None:
    made = complaints.file(player, LETTER)
    assert made.public_id.startswith("cp_")
    assert made.answer_by - made.filed_at == timedelta(days=10)
    complaints.answer(made.public_id, text="It left today.", by=support)
    made.refresh_from_db()
    assert made.state == "answered"
    complaints.write(player, made.public_id, "It did not arrive.")
    complaints.answer(made.public_id, text="Here is the txid.", by=support, outcome="upheld")

    made.refresh_from_db()
    assert [(one.is_ours, one.text) for one in made.messages.all()] == [
        (False, "I asked on Monday."),
        (True, "It left today."),
        (False, "It did not arrive."),
        (True, "Here is the txid."),
    ]
    assert (made.state, made.outcome, made.owner) == ("closed", "upheld", support)
    assert made.kept_until == date(now().year + 5, 12, 31)
    with pytest.raises(ComplaintClosed):
        complaints.write(player, made.public_id, "One more thing")
    deliver_due()
    assert Notice.objects.filter(player=player, title__icontains="complaint").count() == 2


@pytest.mark.rule("ACC-20")
def test_it_is_kept_for_five_years_and_then_erased_with_a_record(
    player: Player, support: User
) -> None:
    made = complaints.file(player, LETTER)
    complaints.answer(made.public_id, text="Done.", by=support, outcome="refused")
    assert complaints.forget_old() == 0
    Complaint.objects.update(kept_until=now().date() - timedelta(days=1))

    assert complaints.forget_old() == 1

    assert not Complaint.objects.exists()
    assert Record.objects.filter(action="complaint.erased").count() == 1


def test_others_and_floods_are_refused(player: Player, other_player: Player) -> None:
    made = complaints.file(player, LETTER)
    with pytest.raises(NotFound):
        complaints.one(other_player, made.public_id)
    with pytest.raises(NotFound):
        complaints.write(other_player, made.public_id, "Hello")
    for wrong in (Letter("", "a", "b"), Letter("payment", " ", "b"), Letter("payment", "a", " ")):
        with pytest.raises(InvalidInput):
            complaints.file(player, wrong)
    for _ in range(4):
        complaints.file(player, LETTER)
    with pytest.raises(TooManyComplaints):
        complaints.file(player, LETTER)
    assert Complaint.objects.count() == 5


@pytest.mark.rule("ACC-20")
def test_who_hears_it_outside_depends_on_where_the_player_lives(settings: object) -> None:
    settings.JURISDICTION = "THRESHOLD"
    settings.COMPLAINT_BODY_NAME = "The gaming authority"
    assert bodies.body_for("GB").name == "Independent Betting Adjudication Service"
    assert bodies.body_for("ES").name == "Dirección General de Ordenación del Juego"
    assert bodies.body_for("PT").name == "The gaming authority"


def test_late_answers_raise_an_alarm_once(player: Player) -> None:
    complaints.file(player, LETTER)
    assert complaints.note_late() == 0
    Complaint.objects.update(answer_by=now() - timedelta(minutes=1))

    assert complaints.note_late() == 1
    assert complaints.note_late() == 0

    assert Alarm.objects.filter(code="complaint.late").count() == 1


@pytest.mark.rule("ACC-20", "AML-22")
def test_the_pages_take_a_complaint_also_from_a_suspended_player(
    player: Player, other_player: Player, client: Client
) -> None:
    Player.objects.filter(pk=player.pk).update(status="suspended")
    client.login(email=player.user.email, password=PASSWORD)
    assert client.get("/account/complaints/").status_code == 200
    form = client.get("/account/complaints/new/?kind=contest&about=wd_9").content.decode()
    assert '<option value="contest" selected>' in form
    assert client.post("/account/complaints/new/", {"kind": "x"}).status_code == 422
    assert not Complaint.objects.exists()

    sent = client.post(
        "/account/complaints/new/",
        {"kind": "contest", "subject": "Rejected", "about": "wd_9", "text": "<b>Why</b>"},
    )

    made = Complaint.objects.get()
    assert sent.headers["location"] == f"/account/complaints/{made.public_id}/"
    body = client.get(sent.headers["location"]).content.decode()
    assert "A person, not a rule" in body
    assert "&lt;b&gt;Why" in body
    assert "<b>Why" not in body
    assert client.post(sent.headers["location"], {"text": "More"}).status_code == 302
    assert made.messages.count() == 2
    assert client.post(f"{sent.headers['location']}take-back/").status_code == 302
    assert client.post(sent.headers["location"], {"text": "More"}).status_code == 422
    client.login(email=other_player.user.email, password=PASSWORD)
    assert client.get(sent.headers["location"]).status_code == 404
    client.logout()
    assert client.get("/account/complaints/").status_code == 302


@pytest.mark.rule("AML-22")
def test_a_contested_decision_is_decided_by_a_person(player: Player, support: User) -> None:
    made = complaints.file(player, Letter("contest", "Rejected by a rule", "Look again.", "wd_9"))
    with pytest.raises(InvalidInput):
        complaints.answer(made.public_id, text=" ", by=support, outcome="upheld")

    complaints.answer(made.public_id, text="You were right.", by=support, outcome="upheld")

    made.refresh_from_db()
    assert (made.state, made.outcome, made.closed_by) == ("closed", "upheld", support)
    row = Record.objects.get(action="complaint.closed")
    assert row.actor_label == str(support)


@pytest.mark.rule("AUD-15")
def test_the_clock_of_a_data_breach_runs_72_hours_from_its_discovery(compliance: User) -> None:
    found = now() - timedelta(hours=50)
    made = breaches.register(
        Discovery("personal_data", "A list was mailed", "Forty addresses.", found, 40),
        by=compliance,
    )
    assert made.notify_by == found + timedelta(hours=72)
    other = breaches.register(Discovery("security", "Scan", "Ports.", found), by=compliance)
    assert other.notify_by is None
    with pytest.raises(InvalidInput):
        breaches.register(
            Discovery("security", "Scan", "Ports.", now() + timedelta(hours=1)), by=compliance
        )

    assert breaches.watch() == 1
    assert Alarm.objects.get().code == "breach.clock"
    Breach.objects.filter(pk=made.pk).update(notify_by=now() - timedelta(minutes=1))
    assert breaches.watch() == 1
    assert Alarm.objects.filter(code="breach.late", severity="critical").count() == 1
    with pytest.raises(InvalidInput):
        breaches.close(made.public_id, reason="Done", by=compliance)

    breaches.notified(made.public_id, reference="DPA-9", by=compliance)
    breaches.people_told(made.public_id, reason="By mail", by=compliance)
    breaches.close(made.public_id, reason="Lists are mailed no more", by=compliance)

    made.refresh_from_db()
    assert made.notified_ref == "DPA-9"
    assert made.late_at is not None
    assert breaches.watch() == 0
    acts = Record.objects.filter(subject_kind="risk.breach", subject_id=str(made.pk))
    assert list(acts.order_by("id").values_list("action", flat=True)) == [
        "breach.registered", "breach.notified", "breach.people_told", "breach.closed",
    ]  # fmt: skip


@pytest.mark.rule("ACC-17")
def test_who_works_here_cannot_pay_in_or_play_and_takes_out_what_is_theirs(
    player: Player, compliance: User
) -> None:
    pay_in(player, "100")
    insiders.register(
        email=player.user.email.upper(), relation="contractor", by=compliance, reason="Contract 7"
    )
    with pytest.raises(Conflict):
        insiders.register(email=player.user.email, relation="staff", by=compliance, reason="Again")

    assert restrictions.stops(player.pk, Block.PLAY)
    assert restrictions.stops(player.pk, Block.DEPOSIT)
    assert not restrictions.stops(player.pk, Block.WITHDRAW)
    wallet = open_wallet(player_id=player.pk, currency_code="EUR")
    with pytest.raises(WalletBlocked):
        movements.play(
            [Bet("b1", eur("1"), "r1", None)], partner="softswiss", wallet_id=wallet.pk,
            currency=eur("1").currency,
        )  # fmt: skip

    insiders.register(email="new@staff.example", relation="staff", by=compliance, reason="Hired")
    later = make_player("dora", email="new@staff.example")
    deliver_due()
    assert restrictions.stops(later.pk, Block.PLAY)
    row = insiders.Insider.objects.get(email="new@staff.example")
    insiders.remove(row.pk, by=compliance, reason="Left")
    assert not restrictions.stops(later.pk, Block.PLAY)
