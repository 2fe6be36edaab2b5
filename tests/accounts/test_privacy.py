"""A player's own data: a copy of it, being forgotten, closing the account, and consent."""

import io
import json
import re
import zipfile

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from apps.accounts import consents, privacy
from apps.accounts.errors import ErasureNotPossible
from apps.accounts.models import Consent, ErasureRequest, KnownDevice, Phone, Player, SignIn, User
from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.core.money import Money
from apps.ledger.models import Entry
from apps.ledger.selectors import currency
from apps.messaging.models import Notice
from apps.wallet import movements
from tests.accounts.factors import enrol
from tests.conftest import PASSWORD, fund, make_player

pytestmark = pytest.mark.django_db

EMAIL = "carol@example.com"


@pytest.fixture
def carol() -> tuple[Player, Client]:
    player = make_player("carol", email=EMAIL)
    client = Client()
    client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    return player, client


@pytest.mark.rule("AML-21")
def test_a_player_takes_everything_along(
    carol: tuple[Player, Client], other_player: Player
) -> None:
    player, client = carol
    fund(player, "0.5")
    fund(other_player, "0.25")

    answer = client.post("/account/privacy/export/")

    assert answer.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]  # of a file
    found = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert found["account/profile.json"][0]["email"] == EMAIL
    assert found["account/sign_ins.json"][0]["method"] == "password"
    assert [row["amount"] for row in found["money/movements.json"]] == ["0.50000000"]
    assert {"payments/deposits.json", "play/rounds.json", "messages/notices.json"} <= set(found)
    whole = str(found)
    assert other_player.public_id not in whole
    assert player.user.password not in whole
    assert Record.objects.filter(action="player.data_exported").count() == 1


@pytest.mark.rule("AML-21")
def test_a_copy_needs_a_fresh_proof(carol: tuple[Player, Client]) -> None:
    player, client = carol
    enrol(player)

    answer = client.post("/account/privacy/export/", {"password": PASSWORD})

    assert answer.status_code == 403
    assert Record.objects.filter(action="player.data_exported").count() == 0


@pytest.mark.rule("AML-21")
def test_being_forgotten_leaves_a_pseudonym_and_the_ledger(
    carol: tuple[Player, Client], administrator: User
) -> None:
    player, client = carol
    EmailAddress.objects.create(user=player.user, email=EMAIL, primary=True, verified=True)
    Phone.objects.create(player=player, number="+4915112345678", confirmed_at=now())
    enrol(player)
    fund(player, "0.5")
    with pytest.raises(ErasureNotPossible, match="Withdraw it first"):
        privacy.request_erasure(player=player)
    _empty(player)
    entries = Entry.objects.count()
    asked = privacy.request_erasure(player=player)
    with pytest.raises(InvalidInput):
        privacy.erase(request_id=asked.pk, by=administrator, reason=" ")
    mail.outbox.clear()

    privacy.erase(request_id=asked.pk, by=administrator, reason="Nothing is owed.")

    player = Player.objects.get(pk=player.pk)
    asked.refresh_from_db()
    assert re.fullmatch(r"gone-\w{12}", player.display_name)
    assert player.user.email == f"{player.display_name}@gone.invalid"
    assert (player.status, player.user.is_active, player.user.username) == ("closed", False, None)
    for model in (Phone, KnownDevice, Notice, EmailAddress):
        assert model.objects.count() == 0
    assert list(SignIn.objects.values_list("ip", "user_agent")) == [(None, "")]
    assert Entry.objects.count() == entries
    kept = [row["what"] for row in asked.result["kept"]]
    assert "Every movement of money in the ledger, under a pseudonym" in kept
    # They are told what was kept and why, at the address that is forgotten now.
    [told] = [message for message in mail.outbox if message.to == [EMAIL]]
    assert "money laundering" in str(told.body)
    assert client.get("/account/").status_code in {302, 403}
    assert (
        Record.objects.filter(action="player.erasure_done", reason="Nothing is owed.").count() == 1
    )
    with pytest.raises(NotFound):
        privacy.erase(request_id=asked.pk, by=administrator, reason="Again.")


@pytest.mark.rule("AML-21")
def test_a_request_is_asked_on_the_page_and_taken_back(carol: tuple[Player, Client]) -> None:
    _, client = carol

    assert client.post("/account/privacy/erasure/", {}).status_code == 422
    client.post("/account/privacy/erasure/", {"understood": "on"})
    asked = ErasureRequest.objects.get()
    assert (asked.due_at - asked.requested_at).days == 30
    assert "You hear from us by" in client.get("/account/privacy/").content.decode()
    client.post("/account/privacy/erasure/withdraw/")

    asked.refresh_from_db()
    assert asked.state == ErasureRequest.State.WITHDRAWN
    assert client.post("/account/privacy/erasure/withdraw/").status_code == 404


@pytest.mark.rule("ACC-16")
def test_an_account_is_closed_by_its_owner_once_it_is_empty(carol: tuple[Player, Client]) -> None:
    player, client = carol
    fund(player, "0.5")

    client.post("/account/close/")
    player.refresh_from_db()
    assert player.status == Player.Status.ACTIVE
    assert "It closes as soon as it is empty" in client.get("/account/privacy/").content.decode()
    client.post("/account/close/keep/")
    _empty(player)
    client.post("/account/close/")

    player.refresh_from_db()
    assert player.status == Player.Status.CLOSED
    assert "_auth_user_id" not in client.session


@pytest.mark.rule("ACC-19")
def test_consent_is_off_until_it_is_given_one_by_one(carol: tuple[Player, Client]) -> None:
    player, client = carol
    page = client.get("/account/offers/").content.decode()
    assert page.count('name="consent"') == 9
    assert " checked" not in page
    assert Consent.objects.count() == 0

    client.post("/account/offers/", {"consent": ["sms:live", "email:originals"]})

    assert consents.allows(player, "sms", "live")
    assert not consents.allows(player, "email", "live")
    row = Consent.objects.get(channel="sms")
    assert (row.source, row.changed_at.date()) == ("page", now().date())
    player.refresh_from_db()
    assert player.wants_marketing is True
    assert client.post("/account/offers/", {"consent": ["fax:live"]}).status_code == 400
    consents.set_mail(player=player, is_given=False, source="unsubscribe")
    assert consents.given(player) == {("sms", "live")}
    assert [row.after["source"] for row in Record.objects.filter(
        action="player.marketing_consent").order_by("pk")] == ["page", "unsubscribe"]  # fmt: skip


def _empty(player: Player) -> None:
    amount = Money.parse("0.5", currency("BTC"))
    movements.withdrawal_reserved(player_id=player.pk, amount=amount, key="w:r", withdrawal_id=1)
    movements.withdrawal_paid(partner="coinspaid", player_id=player.pk, amount=amount, key="w:p",
                              withdrawal_id=1)  # fmt: skip
