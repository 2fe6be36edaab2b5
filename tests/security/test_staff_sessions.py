"""How staff enter, how long they stay, from where, and what an emergency opens."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.audit import proposals
from apps.audit.errors import NotPermitted, SamePerson
from apps.audit.models import Alarm, Proposal, Record
from apps.core.clock import now
from apps.operator import acts, emergency, services
from apps.operator.errors import NotYourself
from apps.operator.models import EmergencyAccess, Passkey
from tests.operator.factories import PASSWORD, code_of, make_staff, signed_in
from tests.security.authenticator import Authenticator

pytestmark = pytest.mark.django_db
LOGIN, CHALLENGE = "/operator/login/", "/operator/passkeys/challenge/"


@pytest.fixture(autouse=True)
def _counters_start_at_zero(settings: Any, request: pytest.FixtureRequest) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": request.node.nodeid,
        },
    }
    settings.RATE_LIMITS_PREFIX = f"{settings.RATE_LIMITS_PREFIX}:{request.node.name}"


def aged(client: Client, *, since: int = 0, seen: int = 0) -> Client:
    """The session as if it was opened, and seen last, so many seconds ago."""
    session = client.session
    session["operator_since"] = int(time.time()) - since
    session["operator_seen"] = int(time.time()) - seen
    session.save()
    return client


@pytest.mark.rule("SEC-03")
@pytest.mark.parametrize(
    ("times", "why"),
    [
        ({"since": 1000, "seen": 15 * 60}, "15 minutes without a click"),
        ({"since": 8 * 3600, "seen": 5}, "8 hours are over"),
    ],
)
def test_a_session_of_staff_ends_when_idle_and_after_eight_hours(
    times: dict[str, int], why: str
) -> None:
    user = make_staff("finance")
    browser = signed_in(user)
    assert (
        aged(browser, since=8 * 3600 - 60, seen=14 * 60).get("/operator/queue/").status_code == 200
    )

    answer = aged(browser, **times).get("/operator/queue/")

    assert (answer.status_code, answer["Location"][: len(LOGIN)]) == (302, LOGIN)
    assert browser.get("/operator/queue/").status_code == 302
    assert Record.objects.get(action="operator.session_ended").reason == why


@pytest.mark.rule("SEC-03")
def test_a_page_that_refreshes_itself_keeps_nobody_in() -> None:
    browser = aged(signed_in(make_staff("finance")), since=700, seen=600)

    browser.get("/operator/live/")

    assert browser.session["operator_seen"] <= time.time() - 600
    browser.get("/operator/queue/")
    assert browser.session["operator_seen"] > time.time() - 60


@pytest.mark.rule("SEC-03")
def test_the_back_office_is_seen_from_listed_networks_only(settings: Any) -> None:
    settings.STAFF_IP_ALLOWLIST = ["10.1.0.0/16"]
    browser = signed_in(make_staff("finance"))

    outside = [browser.get("/operator/", REMOTE_ADDR="10.2.0.1").status_code for _ in range(3)]

    assert outside == [403, 403, 403]
    assert browser.get("/operator/", REMOTE_ADDR="10.1.7.7").status_code == 200
    assert browser.get("/terms/", REMOTE_ADDR="10.2.0.1").status_code == 200
    assert Record.objects.filter(action="operator.address_refused", ip="10.2.0.1").exists()
    assert Alarm.objects.filter(code="operator.address_refused").exists()


@pytest.mark.rule("SEC-04")
def test_a_superuser_stays_outside_and_is_an_alarm() -> None:
    user = make_staff("administrator")
    User.objects.filter(pk=user.pk).update(is_superuser=True)

    answer = Client().post(
        LOGIN, {"username": user.email, "password": PASSWORD, "otp_token": code_of(user)}
    )

    assert answer.status_code == 422
    assert signed_in(user).get("/operator/").status_code == 302
    assert Alarm.objects.get(code="operator.superuser").severity == "critical"


# ---- passkeys ----------------------------------------------------------------------------------


def made(user: User, browser: Client, key: Authenticator, *, steps: int = 1) -> Any:
    options = browser.post("/operator/passkeys/options/").json()
    return browser.post(
        "/operator/passkeys/",
        {
            "name": "Key on my desk",
            "code": code_of(user, steps=steps),
            "answer": json.dumps(key.make(options)),
        },
    )


def entered(user: User, key: Authenticator, browser: Client | None = None) -> Any:
    browser = browser or Client()
    answer = key.sign(browser.post(CHALLENGE).json())
    form = {"username": user.email, "password": PASSWORD, "passkey": json.dumps(answer)}
    return browser.post(LOGIN, form), browser


@pytest.mark.rule("SEC-03")
def test_where_the_role_takes_a_passkey_a_code_opens_only_the_page_that_makes_one(
    settings: Any,
) -> None:
    settings.STAFF_PASSKEY_ROLES = ["finance"]
    user, key = make_staff("finance"), Authenticator()
    browser = signed_in(user)
    kept_out = browser.get("/operator/queue/")
    assert (kept_out.status_code, kept_out["Location"]) == (302, "/operator/passkeys/")

    assert made(user, browser, key).status_code == 302
    still_with_the_code = browser.get("/operator/queue/")
    answer, inside = entered(user, key)
    by_code = Client().post(
        LOGIN, {"username": user.email, "password": PASSWORD, "otp_token": code_of(user, steps=2)}
    )

    assert still_with_the_code["Location"] == "/operator/passkeys/"
    assert answer.status_code == 302
    assert inside.get("/operator/queue/").status_code == 200
    assert by_code.status_code == 422
    assert "passkey" in by_code.content.decode()
    assert signed_in(make_staff("support")).get("/operator/queue/").status_code == 200


@pytest.mark.rule("SEC-03")
@pytest.mark.parametrize("how", ["other site", "other person", "old challenge", "copied key"])
def test_a_passkey_opens_for_its_owner_here_and_now_only(how: str) -> None:
    user, other, key = make_staff("finance"), make_staff("finance"), Authenticator()
    assert made(user, signed_in(user), key).status_code == 302
    browser = Client()
    if how == "other site":
        key.origin = "http://testserver.evil.example"
    if how == "copied key":
        Passkey.objects.update(uses=100)
    options = browser.post(CHALLENGE).json()
    answer = key.sign(options)
    if how == "old challenge":
        browser.post(CHALLENGE)
    who = other if how == "other person" else user

    refused = browser.post(
        LOGIN, {"username": who.email, "password": PASSWORD, "passkey": json.dumps(answer)}
    )

    assert refused.status_code == 422
    assert browser.get("/operator/").status_code == 302


def test_a_passkey_is_made_with_a_fresh_code_and_removed_by_its_owner() -> None:
    user, key = make_staff("support"), Authenticator()
    browser = signed_in(user)
    options = browser.post("/operator/passkeys/options/").json()
    form = {"name": "Mine", "code": "000000", "answer": json.dumps(key.make(options))}

    assert browser.post("/operator/passkeys/", form).status_code == 422
    assert not Passkey.objects.exists()
    assert browser.post("/operator/passkeys/", {"name": "x", "answer": "[1]"}).status_code == 422
    assert made(user, browser, key).status_code == 302
    kept = Passkey.objects.get()
    signed_in(make_staff("support")).post(f"/operator/passkeys/{kept.pk}/remove/")
    assert Passkey.objects.exists()
    assert browser.post(f"/operator/passkeys/{kept.pk}/remove/").status_code == 302
    assert not Passkey.objects.exists()


# ---- roles and emergencies ---------------------------------------------------------------------


def approved(proposal: Proposal, by: User) -> Proposal:
    return proposals.approve(
        proposal.public_id, by=by, reason="Agreed", seen_hash=proposal.content_hash
    )


@pytest.mark.rule("SEC-04")
def test_a_role_is_proposed_by_an_administrator_and_given_by_compliance() -> None:
    admin, other, compliance = (
        make_staff(role) for role in ("administrator", "administrator", "compliance")
    )
    user = make_staff("support")

    with pytest.raises(NotYourself):
        acts.propose_role(user_id=admin.pk, role="finance", by=admin, reason="Me")
    asked = acts.propose_role(user_id=user.pk, role="finance", by=admin, reason="Moves desks")
    for error, who in ((SamePerson, admin), (NotPermitted, other)):
        with pytest.raises(error):
            approved(asked, who)
    assert services.role_of(User.objects.get(pk=user.pk)) == "support"

    approved(asked, compliance)

    assert services.role_of(User.objects.get(pk=user.pk)) == "finance"
    assert "proposed by" in Record.objects.get(action="staff.role_changed").reason


@pytest.mark.rule("SEC-04")
def test_nobody_approves_a_role_of_their_own() -> None:
    admin, compliance = make_staff("administrator"), make_staff("compliance")
    asked = acts.propose_role(
        user_id=compliance.pk, role="administrator", by=admin, reason="A favour"
    )

    with pytest.raises(NotYourself):
        approved(asked, compliance)

    assert services.role_of(User.objects.get(pk=compliance.pk)) == "compliance"


@pytest.mark.rule("SEC-04")
def test_an_emergency_takes_two_people_tells_everybody_and_ends_by_the_clock() -> None:
    user, finance = make_staff("support"), make_staff("finance")
    browser = signed_in(user)
    assert browser.get("/operator/stops/new/").status_code == 403
    answer = browser.post(
        "/operator/emergency/ask/",
        {"hours": "2", "reason": "Nobody of games answers", "code": code_of(user, steps=1)},
    )
    assert answer.status_code == 302
    asked = Proposal.objects.get(act="staff.emergency")
    with pytest.raises(SamePerson):
        approved(asked, user)

    approved(asked, finance)

    access = EmergencyAccess.objects.get()
    assert access.until - access.opened_at == timedelta(hours=2)
    assert Alarm.objects.get(code="staff.emergency_access").severity == "critical"
    assert browser.get("/operator/stops/new/").status_code == 200
    assert browser.get("/operator/staff/new/").status_code == 403
    EmergencyAccess.objects.update(until=now() - timedelta(seconds=1))
    assert browser.get("/operator/stops/new/").status_code == 403
    assert [
        row.action for row in Record.objects.filter(action__startswith="emergency.").order_by("pk")
    ] == [
        "emergency.opened",
        "emergency.ended",
    ]
    assert emergency.end_due() == 0
