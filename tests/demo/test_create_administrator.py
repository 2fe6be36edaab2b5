import pytest
from django.core.management import CommandError, call_command
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.audit.models import Record

pytestmark = pytest.mark.django_db


def test_the_printed_password_and_second_factor_are_the_administrators(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("create_administrator", "boss@example.com")

    said = capsys.readouterr().out
    user = User.objects.get(email="boss@example.com")
    assert user.check_password(said.split("Password:")[1].split()[0])
    assert TOTPDevice.objects.get(user=user).config_url in said
    assert [group.name for group in user.groups.all()] == ["administrator"]
    actions = list(Record.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["staff.created", "staff.second_factor_reset"]


@pytest.mark.parametrize("email", ["boss@example.com", "no address"])
def test_a_taken_or_wrong_address_changes_nothing(email: str) -> None:
    call_command("create_administrator", "boss@example.com")

    with pytest.raises(CommandError):
        call_command("create_administrator", email)

    assert User.objects.count() == 1
