"""The reviewers' pages: what is masked, what is recorded, who gets in."""

import pytest
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit.models import Record
from apps.kyc.models import Case, Document, PersonMatch
from apps.kyc.services import cases
from apps.operator import services as staff
from tests.kyc.factories import hand_in_everything, make_details, make_reviewer
from tests.operator import factories

pytestmark = pytest.mark.django_db
PAGES = "/operator/verification/"


def signed_in(user: User) -> Client:
    staff.reset_second_factor(user_id=user.pk, by="system", reason="For a test")
    return factories.signed_in(user)


def look(client: Client, case: Case, reason: str) -> str:
    answer = client.post(f"{PAGES}{case.public_id}/", {"reason": reason})
    return str(answer.content.decode())


def paper_of(page: str) -> str:
    return f"{PAGES}papers/" + page.split(f'<img src="{PAGES}papers/')[1].split('"')[0]


@pytest.mark.rule("AML-19", "SEC-16")
def test_papers_are_shown_after_a_reason_and_each_look_is_recorded(
    player: Player, reviewer: User
) -> None:
    case = hand_in_everything(player)
    client = signed_in(reviewer)
    page = client.get(f"{PAGES}{case.public_id}/").content.decode()
    assert "Rua Nova" not in page
    assert "papers/" not in page
    assert "Rua Nova" not in look(client, case, "")
    assert not Record.objects.filter(action__in=["kyc.person_revealed", "kyc.document_viewed"])

    shown = look(client, case, "Queue of today")
    assert "Rua Nova" in shown
    address = paper_of(shown)
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.content[:3] == b"\xff\xd8\xff"
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    row = Record.objects.get(action="kyc.document_viewed")
    assert (row.actor_label, row.reason) == (str(reviewer), "Queue of today")
    assert row.after["document"] == Document.objects.earliest("pk").public_id
    client.get(address)
    assert Record.objects.filter(action="kyc.document_viewed").count() == 2


@pytest.mark.rule("AML-19")
def test_the_address_of_a_paper_is_worth_nothing_to_anybody_else(
    player: Player, reviewer: User, second_reviewer: User, support: User
) -> None:
    case = hand_in_everything(player)
    address = paper_of(look(signed_in(reviewer), case, "mine"))

    assert signed_in(second_reviewer).get(address).status_code == 404
    assert signed_in(support).get(address).status_code == 403
    playing = Client()
    playing.force_login(player.user)
    assert playing.get(address).status_code == 302
    assert Client().get(address).status_code == 302
    assert signed_in(reviewer).get(address[:-3] + "x/").status_code == 404
    assert not Record.objects.filter(action="kyc.document_viewed").exists()


def test_a_case_is_decided_on_the_page_of_the_queue(player: Player, reviewer: User) -> None:
    case = hand_in_everything(player)
    client = signed_in(reviewer)
    assert case.public_id in client.get(PAGES).content.decode()

    missing = client.post(
        f"{PAGES}{case.public_id}/decide/", {"verdict": "approve", "reason": "fits"}
    )
    assert missing.status_code == 422
    done = client.post(
        f"{PAGES}{case.public_id}/decide/",
        {"verdict": "approve", "reason": "fits", "valid_until": "2031-05-01"},
    )

    assert done.status_code == 302
    player.refresh_from_db()
    assert player.kyc_level == 2
    client.get(PAGES)  # says once that it is done
    assert case.public_id not in client.get(PAGES).content.decode()


def test_accounts_that_look_alike_are_decided_on_their_page(
    player: Player, other_player: Player, reviewer: User
) -> None:
    cases.declare(player=player, details=make_details(player))
    cases.declare(player=other_player, details=make_details(other_player))
    client = signed_in(reviewer)
    match = PersonMatch.objects.get()
    assert other_player.display_name in client.get(f"{PAGES}matches/").content.decode()

    answer = client.post(
        f"{PAGES}matches/{match.pk}/decide/", {"verdict": "different", "reason": "twins"}
    )

    assert answer.status_code == 302
    match.refresh_from_db()
    assert match.state == "different"


@pytest.mark.rule("AML-10")
def test_hits_are_for_those_who_decide_on_them(support: User, finance: User) -> None:
    for user in (support, finance):
        assert signed_in(user).get(f"{PAGES}hits/").status_code == 403
    assert signed_in(make_reviewer("hits")).get(f"{PAGES}hits/").status_code == 200
