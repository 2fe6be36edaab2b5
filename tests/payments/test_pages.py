"""The wallet pages, with and without htmx."""

import re
from decimal import Decimal

import pytest

from apps.ledger.models import Entry
from apps.payments.models import DepositAddress, Withdrawal
from apps.payments.services import withdrawals
from tests.conftest import PASSWORD
from tests.payments.factories import (
    DEPOSIT_ADDRESS,
    WALLET_ADDRESS,
    call_back,
    cash,
    make_address,
    picture,
    recorded,
    request_withdrawal,
    reserved,
)

pytestmark = pytest.mark.django_db

PAGES = ["/wallet/", "/wallet/deposit/", "/wallet/withdraw/", "/wallet/history/"]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(client, player, fund):
    fund(player, "0.05", "BTC")
    client.force_login(player.user)
    return client


def text_of(answer) -> str:
    """What a reader sees, in one line."""
    plain = re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", plain)


def wish(page, step: str, **changes):
    data = {
        "rail": "BTC",
        "amount": "0.02",
        "address": WALLET_ADDRESS,
        "key": "key-of-the-form",
        "step": step,
        "password": PASSWORD,
    }
    return page.post("/wallet/withdraw/", data | changes)


@pytest.mark.parametrize("path", PAGES)
def test_guests_are_sent_to_sign_in_and_staff_are_refused(client, finance, path):
    assert client.get(path).status_code == 302

    client.force_login(finance)
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_one_heading_and_is_never_cached(page, path):
    answer = page.get(path)

    assert answer.status_code == 200
    assert answer.content.decode().count("<h1") == 1
    assert "no-store" in answer.headers["Cache-Control"]
    assert "style=" not in answer.content.decode().partition("<main")[2].partition("</main>")[0]


def test_the_wallet_shows_balances_and_what_is_set_aside(page, player):
    request_withdrawal(player, "0.02")

    shown = text_of(page.get("/wallet/"))

    assert "0.03000000" in shown
    assert "0.02000000" in shown
    assert "Waiting for our payments team" in shown
    assert "Ether" not in shown


def test_empty_balances_are_shown_on_request_and_to_newcomers(page, client, other_player):
    assert "Ether" in text_of(page.get("/wallet/?zero=show"))

    client.force_login(other_player.user)
    assert "Ether" in text_of(client.get("/wallet/"))


def test_the_active_currency_can_be_switched_only_to_a_known_one(page, player):
    page.post("/wallet/currency/", {"currency": "ETH", "next": "https://elsewhere.example/"})
    player.refresh_from_db()
    assert player.active_currency == "ETH"

    assert page.post("/wallet/currency/", {"currency": "NOPE"}).status_code == 400
    player.refresh_from_db()
    assert player.active_currency == "ETH"


def test_the_deposit_page_shows_address_qr_and_warning(page, player):
    make_address(player)

    answer = page.get("/wallet/deposit/?currency=BTC")

    html = answer.content.decode()
    assert f'data-copy="{DEPOSIT_ADDRESS}"' in html
    assert "<svg" in html.partition('class="qr-plate"')[2][:200]
    assert "Send only BTC over Bitcoin" in text_of(answer)


def test_the_address_is_only_taken_when_asked_for(page):
    answer = page.get("/wallet/deposit/?currency=USDT&rail=USDTE")

    assert "Show my USDT address" in text_of(answer)
    assert "Ethereum (ERC-20)" in text_of(answer)
    assert DepositAddress.objects.count() == 0


def test_a_gateway_that_is_away_is_said_on_the_page(page, settings):
    settings.COINSPAID_BASE_URL = "http://127.0.0.1:9/nobody"

    whole = page.post("/wallet/deposit/", {"rail": "BTC"})
    part = page.post("/wallet/deposit/", {"rail": "BTC"}, headers=HTMX)

    assert (whole.status_code, part.status_code) == (503, 422)
    assert "does not answer" in text_of(whole)
    assert "does not answer" in text_of(part)


def test_the_dialog_gets_the_part_and_the_browser_the_page(page):
    part = page.get("/wallet/deposit/", headers=HTMX).content.decode()
    boosted = page.get("/wallet/deposit/", headers=HTMX | {"HX-Boosted": "true"}).content.decode()

    assert part.lstrip().startswith('<section class="panel"')
    assert "<main" not in part
    assert '<main id="main"' in boosted


def test_the_list_of_arrivals_follows_the_network(page, player):
    make_address(player)
    call_back(recorded("deposit_not_confirmed"))
    assert "Confirming" in text_of(page.get("/wallet/deposit/status/", headers=HTMX))

    call_back(recorded("deposit_confirmed"))
    assert "Credited" in text_of(page.get("/wallet/deposit/status/", headers=HTMX))
    assert page.get("/wallet/deposit/status/").status_code == 302


def test_the_simulator_is_offered_in_the_demo_only(page, player, settings):
    make_address(player)
    assert "simulator" not in page.get("/wallet/deposit/").content.decode()

    settings.DEMO, settings.SIMULATORS_URL = True, "http://127.0.0.1:8003"
    html = page.get("/wallet/deposit/").content.decode()
    assert f"http://127.0.0.1:8003/coinspaid/send?address={DEPOSIT_ADDRESS}" in html


def test_a_withdrawal_is_reviewed_and_then_confirmed(page, player):
    before = picture()
    review = wish(page, "review")
    assert review.status_code == 200
    assert "Is this right?" in text_of(review)
    assert "Withdraw 0.02000000 BTC" in text_of(review)
    assert picture() == before

    answer = wish(page, "confirm")
    made = Withdrawal.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/wallet/withdrawals/{made.public_id}/")
    assert (cash(player), reserved(player)) == (Decimal("0.03"), Decimal("0.02"))


def test_confirming_twice_makes_one_withdrawal(page, player):
    first, second = wish(page, "confirm"), wish(page, "confirm")

    assert first.url == second.url
    assert Withdrawal.objects.count() == 1
    assert cash(player) == Decimal("0.03")


def test_going_back_from_the_review_keeps_what_was_typed(page):
    answer = wish(page, "edit")

    assert answer.status_code == 200
    assert f'value="{WALLET_ADDRESS}"' in answer.content.decode()
    assert Withdrawal.objects.count() == 0


@pytest.mark.parametrize("step", ["review", "confirm"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": ""}, "Enter the amount."),
        ({"amount": "-1"}, "Enter an amount like 0.01"),
        ({"amount": "1e5"}, "Enter an amount like 0.01"),
        ({"amount": "NaN"}, "Enter an amount like 0.01"),
        ({"amount": "0.000000001"}, "BTC has 8 decimals at most."),
        ({"amount": "0"}, "Enter an amount above zero."),
        ({"amount": "0.00005"}, "The least you can withdraw is 0.0001 BTC."),
        ({"amount": "3"}, "You have 0.05000000 BTC. Enter less."),
        ({"address": ""}, "Enter the address of your own wallet."),
        ({"address": WALLET_ADDRESS[:-1]}, "This is no Bitcoin address."),
        ({"address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"}, "This is an address of Tron."),
        ({"key": ""}, "This form was used already."),
        ({"key": "x" * 65}, "This form was used already."),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(page, step, changes, words):
    before = picture()

    answer = wish(page, step, **changes)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert picture() == before


def test_a_key_that_is_none_is_refused_when_it_counts(page):
    before = picture()

    answer = wish(page, "confirm", key="with space")

    assert answer.status_code == 422
    assert "Use up to 64 letters, digits and signs." in text_of(answer)
    assert picture() == before


def test_a_used_form_with_other_content_is_explained(page):
    wish(page, "confirm")
    before = picture()

    answer = wish(page, "confirm", amount="0.01")

    assert answer.status_code == 422
    assert "This form was used already." in text_of(answer)
    assert picture() == before


def test_the_timeline_says_who_has_it_and_since_when(page, player, finance):
    made = request_withdrawal(player)
    shown = text_of(page.get(f"/wallet/withdrawals/{made.public_id}/"))
    assert "It is with our payments team since" in shown
    assert "Requested, the money is set aside" in shown

    withdrawals.reject(made, finance, "This address belongs to an exchange we cannot pay to.")
    shown = text_of(page.get(f"/wallet/withdrawals/{made.public_id}/"))
    assert "This address belongs to an exchange we cannot pay to." in shown
    assert "It is with" not in shown


def test_what_staff_noted_on_an_approval_is_not_for_the_player(page, player, finance):
    made = withdrawals.approve(request_withdrawal(player), finance, "Checked with risk team.")

    assert "risk team" not in page.get(f"/wallet/withdrawals/{made.public_id}/").content.decode()


def test_a_players_pages_are_theirs_alone(page, client, player, other_player):
    made = request_withdrawal(player)
    client.force_login(other_player.user)

    assert client.get(f"/wallet/withdrawals/{made.public_id}/").status_code == 404
    assert client.get("/wallet/withdrawals/wd_nothing/").status_code == 404


def test_the_history_lists_filters_and_pages(page, player, finance):
    made = request_withdrawal(player, "0.02")
    withdrawals.reject(made, finance, "No.")

    everything = text_of(page.get("/wallet/history/"))
    assert "Withdrawal reserved" in everything
    assert "Withdrawal returned" in everything
    assert "Deposit" in everything

    only = page.get("/wallet/history/?kind=deposits&currency=BTC").content.decode()
    assert "Withdrawal reserved" not in only
    assert "No movement fits" in text_of(page.get("/wallet/history/?currency=ETH"))
    newest = Entry.objects.latest("pk").pk
    rows = page.get(f"/wallet/history/?before={newest}", headers=HTMX).content.decode()
    assert rows.lstrip().startswith("<tr")
    assert "<main" not in rows


def test_the_history_has_a_next_page_when_there_is_more(page, player):
    for number in range(26):
        request_withdrawal(player, "0.0001", key=f"k{number}")

    first = page.get("/wallet/history/").content.decode()
    before = re.search(r"before=(\d+)", first)
    assert before
    rest = page.get(f"/wallet/history/?before={before[1]}", headers=HTMX).content.decode()
    assert first.count("<tr>") - 1 == 25
    assert rest.count("<tr>") == 2
    assert "before=" not in rest


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", "before=" + "9" * 40, "kind=x", "currency=x", "currency=%EF"]
)
def test_odd_filters_are_ignored(page, query):
    assert page.get(f"/wallet/history/?{query}").status_code == 200


@pytest.mark.parametrize(
    ("path", "most"), [("/wallet/", 20), ("/wallet/deposit/", 17), ("/wallet/history/", 12)]
)
def test_pages_ask_the_database_little(page, player, django_assert_max_num_queries, path, most):
    make_address(player)
    for number in range(5):
        call_back(recorded("deposit_confirmed", id=5000001 + number))
        request_withdrawal(player, "0.001", key=f"k{number}")
    page.get(path)

    with django_assert_max_num_queries(most):
        page.get(path)
