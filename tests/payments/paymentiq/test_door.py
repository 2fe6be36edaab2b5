"""Who may call, what is kept of it, and what nobody can break from outside."""

import html
import json

import pytest
from django.core.cache import cache
from django.test import Client

from apps.core.clock import now
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.payments.models import CashierSession, DepositFailure, Rail
from apps.payments.providers.paymentiq import auth
from apps.payments.providers.paymentiq.callbacks import WAITS
from apps.payments.services import cashier
from apps.wallet.services import set_player_status
from tests.conftest import make_player
from tests.payments.factories import alarms, picture
from tests.payments.paymentiq.factories import basic, euro, knock, said, transfer_of

pytestmark = pytest.mark.django_db

OPEN = cashier.open_session
ACTIONS = ["verifyuser", "authorize", "transfer", "cancel", "lookupuser", "notification"]


def session(player, direction="deposit", code="EUR") -> str:
    return OPEN(player=player, rail=Rail.objects.get(code=code), direction=direction)


# ---- who ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic d3Jvbmc6d3Jvbmc=",
        "Bearer test-paymentiq-password",
        "Digest x",
        "Basic " + "A" * 5000,
    ],
)
def test_a_wrong_credential_is_turned_away_and_nothing_is_kept(player, action, authorization):
    before = picture()

    response = knock(action, transfer_of(player, 1, "50.00"), authorization=authorization)
    assert (response.status, response.body) == (401, b"")
    assert picture() == before
    assert not InboxMessage.objects.exists()


def test_the_wrong_half_of_a_credential_is_turned_away(player):
    document = transfer_of(player, 1, "50.00")

    assert knock("transfer", document, authorization=basic(username="other")).status == 401
    assert knock("transfer", document, authorization=basic(password="other")).status == 401
    assert knock("transfer", document).status == 200


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.2", "::1", "", "nonsense"])
def test_an_address_that_is_not_listed_is_turned_away(player, peer):
    before = picture()

    assert knock("transfer", transfer_of(player, 1, "50.00"), peer=peer).status == 403
    assert picture() == before


@pytest.mark.parametrize("peer", ["54.229.9.44", "10.1.2.3", "::ffff:54.229.9.44"])
def test_listed_addresses_and_networks_may_call(settings, player, peer):
    settings.PAYMENTIQ_IP_ALLOWLIST = ["54.229.9.44", "10.1.0.0/16"]

    assert knock("transfer", transfer_of(player, 1, "50.00"), peer=peer).status == 200


def test_a_forwarded_header_is_nobodys_address(client: Client, settings, player):
    settings.PAYMENTIQ_IP_ALLOWLIST = ["54.229.9.44"]

    response = client.post(
        "/callbacks/paymentiq/transfer",
        json.dumps(transfer_of(player, 1, "50.00")),
        content_type="application/json",
        headers={"authorization": basic(), "x-forwarded-for": "54.229.9.44"},
    )
    assert response.status_code == 403
    assert euro(player) == 0


def test_a_static_token_takes_the_place_of_the_password(settings, player):
    settings.PAYMENTIQ_BEARER = "a-static-token-of-ours"
    document = transfer_of(player, 1, "50.00")

    assert knock("transfer", document).status == 401
    assert knock("transfer", document, authorization="Basic a-static-token-of-ours").status == 401
    right = "Bearer a-static-token-of-ours"
    assert knock("transfer", document, authorization=right).status == 200


def test_both_passwords_are_accepted_while_one_is_changed(settings, player):
    settings.PAYMENTIQ_PASSWORD_PREVIOUS = "the-one-before"
    document = transfer_of(player, 1, "50.00")

    assert knock("transfer", document, authorization=basic("the-one-before")).status == 200
    assert knock("transfer", document).status == 200
    assert knock("transfer", document, authorization=basic("another")).status == 401
    assert euro(player) == 50


def test_without_a_credential_of_ours_nobody_may_call(settings, player):
    settings.PAYMENTIQ_USERNAME = settings.PAYMENTIQ_PASSWORD = ""

    for authorization in ("Basic Og==", basic("", ""), ""):
        response = knock("transfer", transfer_of(player, 1, "5.00"), authorization=authorization)
        assert response.status == 401


def test_secrets_are_compared_in_constant_time(monkeypatch, player):
    seen = []
    monkeypatch.setattr(auth.hmac, "compare_digest", lambda a, b: seen.append((a, b)) or a == b)

    knock("transfer", transfer_of(player, 1, "50.00"), authorization=basic("x"))
    assert len(seen) == 1


# ---- what ---------------------------------------------------------------------------------------


def test_only_posts_to_known_paths_are_answered(player):
    document = transfer_of(player, 1, "50.00")

    assert knock("signin", document).status == 404
    assert knock("../transfer", document).status == 404
    assert knock("transfer", document, method="GET").status == 405
    assert knock("transfer/", document).status == 200


@pytest.mark.parametrize("action", ["authorize", "transfer", "cancel", "verifyuser", "lookupuser"])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff", b'{"txId":1}', b'{"userId":{}}', b"null", b"[" * 50_000,
     b'{"userId":"pl_x-EUR","txId":"1","txAmount":"1e9","txAmountCy":"EUR"}',
     b'{"userId":"pl_x-EUR","txId":"1","txAmount":"5.00","txAmountCy":"EUR","txAmount":"6"}'],
)  # fmt: skip
def test_nonsense_is_a_no_with_a_number_and_changes_nothing(player, action, body):
    before = picture()

    response = knock(action, body)
    assert (response.status, said(response)["success"]) == (200, False)
    assert said(response)["errCode"]
    after = picture()
    assert after == before


@pytest.mark.parametrize(
    "change",
    [
        {"txAmountCy": "XXX", "userId": "@"},
        {"txAmount": "50.001"},
        {"txAmount": "0.00"},
        {"userId": "pl_2222222222222222-EUR"},
        {"txAmountCy": "BTC", "userId": "@"},
    ],
    ids=["currency", "digits", "nothing", "player", "coin"],
)
def test_money_that_cannot_be_booked_is_kept_for_a_person(player, change):
    """A no at once, tries of our own, then a parked message with an alarm."""
    if change.get("userId") == "@":
        change = {**change, "userId": player.public_id}
    document = transfer_of(player, 7, "50.00", **change)

    response = knock("transfer", document)
    assert (response.status, said(response)["success"]) == (200, False)
    message = InboxMessage.objects.get()
    assert (message.state, message.tries, message.outside_ref) == ("failed", 1, "7")
    for _ in range(inbox.TRIES_MAX):
        InboxMessage.objects.update(due_at=now())
        inbox.retry_due()
    message.refresh_from_db()
    assert message.state == "parked"
    assert "callback.parked" in alarms()
    assert euro(player) == 0


def test_a_transfer_that_overtook_our_own_commit_is_booked_later(db):
    """The player exists a moment after the call that names them."""
    late = make_player("late")
    document = transfer_of(late, 9, "50.00", userId="pl_3333333333333333-EUR")
    assert said(knock("transfer", document))["success"] is False
    type(late).objects.filter(pk=late.pk).update(public_id="pl_3333333333333333")

    InboxMessage.objects.update(due_at=now())
    assert inbox.retry_due() == 1
    assert euro(late) == 50


def test_every_money_call_is_kept_with_its_answer_and_without_the_credential(player):
    document = transfer_of(player, 5, "50.00")
    response = knock("transfer", document)

    message = InboxMessage.objects.get()
    assert (message.partner, message.kind, message.state) == ("paymentiq", "transfer", "done")
    assert json.loads(bytes(message.body)) == document
    assert bytes(message.answer or b"") == response.body
    assert message.headers["authorization"] == "(kept out)"


def test_an_authorize_nobody_answered_is_not_acted_on_later(player):
    """The vendor has given up on it: a yes would be heard by nobody and reserve money for ever."""
    document = transfer_of(player, 5, "50.00")
    message = inbox.receive(
        "paymentiq", "authorize", json.dumps(document).encode(), {}, outside_ref="5"
    )
    InboxMessage.objects.filter(pk=message.pk).update(received_at=now() - WAITS * 2, due_at=now())

    inbox.retry_due()
    assert InboxMessage.objects.get().state == "done"
    assert not player.deposits.exists()


def test_a_transfer_whose_process_died_is_acted_on_later(player):
    document = transfer_of(player, 5, "50.00")
    inbox.receive("paymentiq", "transfer", json.dumps(document).encode(), {}, outside_ref="5")
    assert euro(player) == 0

    InboxMessage.objects.update(due_at=now())
    inbox.retry_due()
    assert euro(player) == 50
    assert said(knock("transfer", document))["success"] is True
    assert euro(player) == 50


# ---- people -------------------------------------------------------------------------------------


def test_a_live_session_tells_who_it_is(player):
    token = session(player)

    found = said(knock("verifyuser", {"sessionId": token, "userId": f"{player.public_id}-EUR"}))
    assert found == {
        "userId": f"{player.public_id}-EUR",
        "success": True,
        "balance": 0.0,
        "balanceCy": "EUR",
        "userCat": "RANK_0",
        "kycStatus": "Approved",
        "sex": "UNKNOWN",
        "country": "DEU",
        "locale": "en_DE",
        "firstName": "alice",
        "lastName": "",
        "email": "alice@example.com",
        "dob": "1990-05-17",
    }
    bare = said(knock("verifyuser", {"sessionId": token, "userId": player.public_id}))
    assert (bare["success"], bare["userId"]) == (True, player.public_id)


def test_a_session_is_for_one_player_one_currency_and_a_short_time(player, other_player):
    token = session(player)

    def ask(user: str, given: str = token) -> dict:
        return said(knock("verifyuser", {"sessionId": given, "userId": user}))

    mine = f"{player.public_id}-EUR"
    refused = {
        "userId": mine,
        "success": False,
        "errCode": "101",
        "errMsg": "session invalid",
    }
    assert ask(f"{other_player.public_id}-EUR") == {
        **refused,
        "userId": f"{other_player.public_id}-EUR",
    }
    assert ask(f"{player.public_id}-USD")["success"] is False
    assert ask(mine, "another-token") == refused
    assert ask(mine, token[:-1]) == refused
    CashierSession.objects.update(expires_at=now())
    assert ask(mine) == refused


def test_a_suspended_player_is_let_out_but_not_in(player, administrator):
    paying_in, paying_out = session(player), session(player, "withdrawal")
    set_player_status(
        player_id=player.pk, status="suspended", actor=administrator, reason="A test."
    )

    def lets_in(token):
        user = f"{player.public_id}-EUR"
        return said(knock("verifyuser", {"sessionId": token, "userId": user}))["success"]

    # What was open has ended; taking one's own money out takes a new one.
    assert not lets_in(paying_in)
    assert not lets_in(paying_out)
    player.refresh_from_db()
    assert lets_in(session(player, "withdrawal"))


@pytest.mark.parametrize("ending", ["logout", "ended elsewhere", "idle"])
def test_a_cashier_ends_with_the_sign_in_it_was_opened_from(client, player, settings, ending):
    client.force_login(player.user)
    opened = client.post("/wallet/cashier/", {"rail": "EUR", "direction": "deposit"})
    options = json.loads(
        html.unescape(opened.content.decode().split('data-options="')[1].split('"')[0])
    )
    user = f"{player.public_id}-EUR"
    ask = {"sessionId": options["sessionId"], "userId": user}
    assert said(knock("verifyuser", ask))["success"] is True
    assert said(knock("authorize", transfer_of(player, 1, "50.00")))["success"] is True

    if ending == "logout":
        client.post("/accounts/logout/")
    elif ending == "idle":
        settings.SESSION_IDLE_MINUTES = 0
        cache.clear()
    else:
        client.session.flush()

    assert said(knock("verifyuser", ask))["errCode"] == "101"
    assert said(knock("authorize", transfer_of(player, 2, "50.00")))["errCode"] == "101"
    assert not DepositFailure.objects.exists()
    # What had a yes is booked, and what begins at a provider without a cashier needs none.
    assert said(knock("transfer", transfer_of(player, 1, "50.00")))["success"] is True
    CashierSession.objects.update(expires_at=now())
    assert said(knock("authorize", transfer_of(player, 3, "50.00")))["success"] is True


def test_a_new_sign_in_opens_a_cashier_of_its_own(client, player):
    client.force_login(player.user)
    client.post("/wallet/cashier/", {"rail": "EUR", "direction": "deposit"})
    client.post("/accounts/logout/")
    client.force_login(player.user)
    client.post("/wallet/cashier/", {"rail": "EUR", "direction": "deposit"})

    assert said(knock("authorize", transfer_of(player, 1, "50.00")))["success"] is True


def test_neither_token_nor_person_is_kept(player):
    token = session(player)
    knock("verifyuser", {"sessionId": token, "userId": f"{player.public_id}-EUR"})

    message = InboxMessage.objects.get()
    assert token.encode() not in bytes(message.body)
    assert b"alice" not in bytes(message.answer or b"")
    assert token not in CashierSession.objects.get().token_hash


def test_a_look_up_without_a_session_tells_nothing_personal(player):
    found = said(knock("lookupuser", {"email": "ALICE@example.com"}))

    assert (found["success"], found["userId"]) == (True, f"{player.public_id}-EUR")
    assert not {"firstName", "lastName", "email", "dob"} & set(found)
    assert said(knock("lookupuser", {"email": "nobody@example.com"})) == {
        "userId": "",
        "success": False,
        "errCode": "102",
        "errMsg": "unknown player",
    }
    assert said(knock("lookupuser", {}))["success"] is False


def test_a_dispute_is_an_alarm_and_never_money(player):
    knock("transfer", transfer_of(player, 5, "50.00"))
    known = alarms()

    document = {
        "txTypeId": 971,
        "txName": "DisputeFiled",
        "txRefId": "100019999A6",
        "originTxId": 5,
        "pspStatusMessage": "Not recognised",
    }
    assert said(knock("notification", document)) == {"success": True}
    assert alarms() == [*known, "deposit.dispute"]
    assert euro(player) == 50
