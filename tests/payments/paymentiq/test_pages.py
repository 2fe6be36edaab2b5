"""The cashier pages without a browser: who gets a session, what is refused, and in which words."""

import re

import pytest
from django.test import Client

from apps.payments.models import CashierSession, Rail
from apps.payments.providers.paymentiq import bundle
from apps.payments.services import cashier
from apps.wallet.services import set_player_status
from tests.conftest import PASSWORD
from tests.payments.paymentiq.factories import knock, transfer_of

pytestmark = pytest.mark.django_db

EUR = {"rail": "EUR", "direction": "deposit"}
OUT = {"rail": "EUR", "direction": "withdrawal"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(client: Client, player) -> Client:
    client.force_login(player.user)
    return client


def text_of(answer) -> str:
    plain = re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", plain)


def test_guests_sign_in_first_and_staff_have_no_cashier(client, finance):
    assert client.post("/wallet/cashier/", EUR).status_code == 302

    client.force_login(finance)
    assert client.post("/wallet/cashier/", EUR).status_code == 403
    assert not CashierSession.objects.exists()


def test_coins_and_fiat_stand_side_by_side(page):
    shown = text_of(page.get("/wallet/deposit/"))

    for code in ("BTC", "USDT", "EUR", "USD", "GBP", "JPY"):
        assert f" {code} " in shown


def test_fiat_is_gone_without_the_gateway(page, settings):
    settings.PAYMENTIQ_MERCHANT_ID = ""

    assert " GBP " not in text_of(page.get("/wallet/deposit/"))
    assert page.post("/wallet/cashier/", EUR).status_code == 400


def test_methods_are_those_of_the_players_country(page, player):
    assert "Bank transfer (SEPA)" in text_of(page.get("/wallet/deposit/?rail=EUR"))

    type(player).objects.filter(pk=player.pk).update(country="CA")
    shown = text_of(page.get("/wallet/deposit/?rail=EUR"))
    assert "Bank transfer" not in shown
    assert "Card" in shown
    assert "Bank transfer" in text_of(page.get("/wallet/deposit/?rail=USD"))


def test_the_frame_gets_a_token_of_its_own(page, player):
    answer = page.post("/wallet/cashier/", EUR)

    shown = answer.content.decode()
    token = re.search(r"&quot;sessionId&quot;: &quot;([\w-]+)&quot;", shown)
    assert answer.status_code == 200
    assert token is not None
    assert token[1] not in page.cookies["sessionid"].value
    session = CashierSession.objects.get()
    assert (session.player, session.direction, session.rail.code) == (player, "deposit", "EUR")
    assert session.token_hash != token[1]
    assert "no-store" in answer["Cache-Control"] or "no-cache" in answer["Cache-Control"]
    assert "vendor/paymentiq-cashier-bootstrapper/1.7.4/cashier.js" in shown


def test_a_look_at_the_address_opens_no_session(page):
    assert page.get("/wallet/cashier/?rail=EUR").status_code == 302
    assert not CashierSession.objects.exists()


@pytest.mark.parametrize("rail", ["", "BTC", "XXX", "EUR' OR 1=1"])
def test_a_rail_without_a_cashier_is_refused(page, rail):
    assert page.post("/wallet/cashier/", {**EUR, "rail": rail}).status_code == 400
    assert not CashierSession.objects.exists()


def test_a_suspended_player_cannot_pay_in(page, player, administrator):
    set_player_status(
        player_id=player.pk, status="suspended", actor=administrator, reason="A test."
    )

    answer = page.post("/wallet/cashier/", EUR)
    assert answer.status_code == 422
    assert "not available now" in text_of(answer)
    assert not CashierSession.objects.exists()


def test_paying_out_asks_for_the_password(page, player):
    knock("transfer", transfer_of(player, 1, "60.00"))

    assert page.post("/wallet/cashier/", OUT).status_code == 422
    wrong = page.post("/wallet/cashier/", {**OUT, "password": "nonsense"})
    assert wrong.status_code == 422
    assert not CashierSession.objects.exists()
    assert page.post("/wallet/cashier/", {**OUT, "password": PASSWORD}).status_code == 200
    assert CashierSession.objects.get().direction == "withdrawal"


def test_a_fiat_deposit_has_a_page_of_its_own(page, player):
    knock("transfer", transfer_of(player, 1, "60.00", maskedAccount="411812******2410"))
    deposit = player.deposits.get()

    shown = text_of(page.get(f"/wallet/deposits/{deposit.public_id}/"))
    assert "Card" in shown
    assert "411812******2410" in shown
    assert "Credited" in shown
    listed = page.get("/wallet/deposit/status/", headers=HTMX)
    assert deposit.public_id in listed.content.decode()
    assert page.get("/wallet/").status_code == 200
    assert page.get("/wallet/history/").status_code == 200


def test_live_tokens_do_not_pile_up(player):
    rail = Rail.objects.get(code="EUR")
    for _ in range(cashier.SESSIONS_PER_PLAYER + 5):
        cashier.open_session(player=player, rail=rail, direction="deposit")

    assert CashierSession.objects.count() == cashier.SESSIONS_PER_PLAYER


# ---- the vendor's script ------------------------------------------------------------------------


def test_production_serves_the_published_script_only(page, settings):
    settings.PAYMENTIQ_CASHIER_URL = ""

    assert page.get("/wallet/cashier/bootstrapper.js").status_code == 404


def test_a_simulator_changes_one_entry_of_the_scripts_table(page, settings):
    settings.PAYMENTIQ_CASHIER_URL = "http://127.0.0.1:8003/paymentiq/cashier"

    served = page.get("/wallet/cashier/bootstrapper.js")
    assert served["Content-Type"].startswith("text/javascript")
    published = bundle._published()
    entry = re.compile(r"development:\{cashierApi:\[[0-9,]+\],cashierOrigin:\[[0-9,]+\]")
    plain = entry.sub("", served.content.decode()).replace(
        'fallbackEnvironment:"development"', bundle.FALLBACK
    )
    assert plain == entry.sub("", published)
    assert bundle._masked("http://127.0.0.1:8003/paymentiq/cashier") in served.content.decode()
