"""Looking after staff."""

import re

import pytest
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.audit.models import Proposal, Record
from apps.operator import services
from apps.operator.errors import LastAdministrator, NotYourself, StaffExists
from tests.operator.factories import code_of, make_player, make_staff, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> User:
    return make_staff("administrator")


def test_a_new_member_gets_secrets_once_and_can_enter(administrator: User) -> None:
    client = signed_in(administrator)

    answer = client.post(
        "/operator/staff/new/",
        {
            "email": "new@example.org",
            "role": "support",
            "reason": "Starts on Monday",
            "code": code_of(administrator, steps=1),
        },
    )

    page = answer.content.decode()
    user = User.objects.get(email="new@example.org")
    password = re.search(r"Password</h2>.*?data-whole>([^<]+)<", page, re.DOTALL).group(1)
    assert services.role_of(user) == ""
    assert "<svg" in page
    [asked] = Proposal.objects.filter(act="staff.role")
    assert asked.content["role"] == "support"
    entered = Client().post(
        "/operator/login/",
        {"username": user.email, "password": password, "otp_token": code_of(user)},
    )
    assert entered.status_code == 302
    kept = [str(row.before) + str(row.after) for row in Record.objects.all()]
    device = TOTPDevice.objects.get(user=user)
    assert not [text for text in kept if password in text or device.key in text]


@pytest.mark.parametrize(
    "changes", [{"role": "owner"}, {"email": "not-an-address"}, {"reason": ""}, {"code": "000000"}]
)
def test_a_wrong_form_makes_nobody(administrator: User, changes: dict[str, str]) -> None:
    client = signed_in(administrator)
    form = {
        "email": "new@example.org",
        "role": "support",
        "reason": "Starts on Monday",
        "code": code_of(administrator, steps=1),
    }

    answer = client.post("/operator/staff/new/", form | changes)

    assert answer.status_code == 422
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_address_that_is_taken_is_refused(administrator: User) -> None:
    player = make_player()

    with pytest.raises(StaffExists):
        services.create_staff(
            email=player.user.email.upper(), role="support", by=administrator, reason="New"
        )

    player.user.refresh_from_db()
    assert not player.user.is_staff


def test_a_role_is_exactly_one(administrator: User) -> None:
    user = make_staff("support")

    services.set_role(user_id=user.pk, role="finance", by=administrator, reason="Moves desks")

    assert [group.name for group in user.groups.all()] == ["finance"]
    record = Record.objects.get(action="staff.role_changed")
    assert (record.before, record.after) == ({"role": "support"}, {"role": "finance"})


def test_nobody_changes_their_own_role(administrator: User) -> None:
    with pytest.raises(NotYourself):
        services.set_role(user_id=administrator.pk, role="finance", by=administrator, reason="Me")


def test_the_last_administrator_stays(administrator: User) -> None:
    gone = make_staff("administrator")
    services.set_active(user_id=gone.pk, active=False, by=administrator, reason="Has left")

    with pytest.raises(LastAdministrator):
        services.set_role(user_id=administrator.pk, role="support", by=gone, reason="Revenge")
    with pytest.raises(LastAdministrator):
        services.set_active(user_id=administrator.pk, active=False, by=gone, reason="Revenge")


def test_a_reset_ends_the_old_authenticator_and_codes(administrator: User) -> None:
    user = make_staff("finance")
    old_key = TOTPDevice.objects.get(user=user).key
    old_codes = set(StaticToken.objects.filter(device__user=user).values_list("token", flat=True))
    browser = signed_in(user)
    client = signed_in(administrator)

    answer = client.post(
        f"/operator/staff/{user.pk}/second-factor/",
        {"reason": "Lost the phone", "code": code_of(administrator, steps=1)},
    )

    assert answer.status_code == 200
    assert TOTPDevice.objects.get(user=user).key != old_key
    new = set(StaticToken.objects.filter(device__user=user).values_list("token", flat=True))
    assert len(new) == 8
    assert not new & old_codes
    assert browser.get("/operator/").status_code == 302
    assert Record.objects.filter(
        action="staff.second_factor_reset", reason="Lost the phone"
    ).exists()


def test_a_new_password_ends_their_sessions(administrator: User) -> None:
    user = make_staff("finance")
    browser = signed_in(user)

    services.reset_password(user_id=user.pk, by=administrator, reason="Leaked")

    assert browser.get("/operator/").status_code == 302


def test_staff_pages_hold_no_secrets(administrator: User) -> None:
    user = make_staff("finance")
    device = TOTPDevice.objects.get(user=user)
    client = signed_in(administrator)

    for address in ("/operator/operator/staff/", f"/operator/staff/{user.pk}/"):
        page = client.get(address).content.decode()
        assert device.key not in page
        assert user.password not in page
