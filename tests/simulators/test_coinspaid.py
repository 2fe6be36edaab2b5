import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import pytest

from apps.payments.providers.coinspaid.simulator import chains
from tests.simulator_client import Coinspaid, ControlRefused, RecordingCasino
from tests.simulators.factories import SECRET, ask_gateway, take_address, withdraw
from tests.web import web

CRYPTO = ["BTC", "LTC", "DOGE", "ETH", "USDTE", "USDTT", "USDC", "TRX", "XRP"]


# ---- signatures and errors ---------------------------------------------------------------------


def test_the_published_signature_is_ours() -> None:
    body = b'{"currency":"BTC","foreign_id":"123456"}'

    assert hmac.new(b"AbCdEfG123456", body, hashlib.sha512).hexdigest() == (
        "03c25fcf7cd35e7d995e402cd5d51edd72d48e1471e865907967809a0c189ba5"
        "5b90815f20e2bb10f82c7a9e9d865546fda58989c2ae9e8e2ff7bc29195fa1ec"
    )


def headers(body: bytes, **changes: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-Processing-Key": "test-coinspaid-key",
        "X-Processing-Signature": hmac.new(SECRET, body, hashlib.sha512).hexdigest(),
    } | changes


@pytest.mark.parametrize(
    ("drop", "change", "code"),
    [
        ("X-Processing-Key", {}, "required_header_key"),
        ("", {"X-Processing-Key": "other"}, "bad_header_key"),
        ("X-Processing-Signature", {}, "required_header_signature"),
        ("", {"X-Processing-Signature": "00"}, "bad_header_signature"),
    ],
)
def test_a_call_without_the_right_headers_gets_403(
    coinspaid: Coinspaid, drop: str, change: dict[str, str], code: str
) -> None:
    sent = headers(b"{}") | change
    sent.pop(drop, None)

    response = web.post(f"{coinspaid.base_url}/accounts/list", content=b"{}", headers=sent)

    assert response.status_code == 403
    assert response.json()["code"] == code


@pytest.mark.parametrize("body", [b"", b"[]", b"currency=BTC"])
def test_a_body_that_is_no_object_is_a_bad_content_format(
    coinspaid: Coinspaid, body: bytes
) -> None:
    url = f"{coinspaid.base_url}/addresses/take"

    response = web.post(url, content=body, headers=headers(body))

    assert response.status_code == 400
    assert response.json()["code"] == "bad_content_format"


def test_ping_needs_no_key_and_a_wrong_address_gets_no_404(coinspaid: Coinspaid) -> None:
    assert web.get(f"{coinspaid.base_url}/ping").text == "OK"
    wrong = ask_gateway(coinspaid, "/withdrawals/crypto")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "required_header_key")


# ---- lists -------------------------------------------------------------------------------------


def test_currencies_and_balances_are_listed(coinspaid: Coinspaid) -> None:
    listed = ask_gateway(coinspaid, "/currencies/list", visible=True).json()["data"]
    accounts = ask_gateway(coinspaid, "/accounts/list").json()["data"]

    assert [one["currency"] for one in listed] == [*CRYPTO, "EUR", "USD"]
    assert listed[0]["minimum_amount"] == "0.00010000"
    assert {one["currency"] for one in accounts} == {*CRYPTO, "EUR", "USD"}
    assert Decimal(accounts[0]["balance"]) > 0


def test_rates_can_be_asked_for_one_pair(coinspaid: Coinspaid) -> None:
    rates = ask_gateway(
        coinspaid, "/currencies/rates", currency_from="BTC", currency_to="EUR"
    ).json()["data"]

    assert len(rates) == 1
    assert rates[0]["rate_to"] == "60000.00000000"


# ---- addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", CRYPTO)
def test_an_address_is_one_its_chain_would_take(coinspaid: Coinspaid, currency: str) -> None:
    first = take_address(coinspaid, currency)
    second = take_address(coinspaid, currency)

    asset = chains.ASSETS[currency]
    assert chains.is_address(asset, first["address"])
    assert (first["address"], first["tag"]) != (second["address"], second["tag"])
    assert (first["tag"] is not None) == (currency == "XRP")


def test_a_mistyped_address_is_seen(coinspaid: Coinspaid) -> None:
    for currency in CRYPTO:
        address = chains.new_address(chains.ASSETS[currency])
        swapped = address[:-2] + address[-1] + address[-2]
        if swapped != address:
            assert not chains.is_address(chains.ASSETS[currency], swapped), currency


def test_addresses_of_the_standards_are_recognised() -> None:
    assert chains.checksummed_hex(bytes.fromhex("fb6916095ca1df60bb79ce92ce3ea74c37c5d359")) == (
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
    )
    btc, trx = chains.ASSETS["BTC"], chains.ASSETS["TRX"]
    assert chains.is_address(btc, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
    assert chains.is_address(btc, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0")
    assert chains.is_address(btc, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
    assert not chains.is_address(btc, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
    assert chains.is_address(trx, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"currency": ""}, "currency", "The currency field is required."),
        ({"currency": "XYZ"}, "currency", "The selected currency is invalid."),
        ({"currency": "EUR"}, "currency", "The selected currency is invalid."),
        ({"foreign_id": None}, "foreign_id", "The foreign id field is required."),
        ({"convert_to": "XYZ"}, "convert_to", "The selected convert to is invalid."),
    ],
)
def test_a_bad_address_request_names_the_field(
    coinspaid: Coinspaid, changes: dict[str, object], field: str, text: str
) -> None:
    wanted: dict[str, Any] = {
        "currency": "BTC",
        "foreign_id": "u-77",
        "end_user_reference": "u-77",
    }

    response = ask_gateway(coinspaid, "/addresses/take", **(wanted | changes))

    assert response.status_code == 400
    assert response.json() == {"errors": {field: text}}


# ---- deposits ----------------------------------------------------------------------------------


def documents(listener: RecordingCasino) -> list[dict[str, Any]]:
    return [asked.json for asked in listener.asked]


def test_coins_are_seen_and_later_confirmed(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    address = take_address(coinspaid)["address"]

    sent = coinspaid.send(address, "0.01")
    coinspaid.delivered(reference=str(sent["id"]), kind="confirmed")

    seen, final = (asked.json for asked in listener.asked)
    assert [seen["status"], final["status"]] == ["not_confirmed", "confirmed"]
    assert seen["id"] == final["id"] == sent["id"]
    assert seen["fees"] == []
    assert seen["currency_received"]["amount_minus_fee"] == "0.01000000"
    assert final["currency_received"] == {
        "currency": "BTC",
        "amount": "0.01000000",
        "amount_minus_fee": "0.00992000",
    }
    assert final["crypto_address"]["foreign_id"] == "u-77"
    asked = listener.asked[0]
    assert asked.path == "/callbacks/coinspaid/"
    assert asked.headers["x-processing-key"] == "test-coinspaid-key"
    assert asked.headers["x-processing-signature"] == (
        hmac.new(SECRET, asked.body, hashlib.sha512).hexdigest()
    )


def test_confirmed_coins_are_the_merchants(coinspaid: Coinspaid, listener: RecordingCasino) -> None:
    def balance() -> Decimal:
        accounts = ask_gateway(coinspaid, "/accounts/list").json()["data"]
        return Decimal(accounts[0]["balance"])

    before = balance()
    coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)

    assert balance() - before == Decimal("0.00992")


def test_too_few_coins_are_reported_twice_and_lost(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    sent = coinspaid.send(take_address(coinspaid)["address"], "0.00001")
    coinspaid.delivered(reference=str(sent["id"]))

    assert [one["status"] for one in documents(listener)] == ["cancelled", "cancelled"]
    assert documents(listener)[0]["error"] == "Transaction amount less than minimum deposit"


def test_a_double_spend_cancels(coinspaid: Coinspaid, listener: RecordingCasino) -> None:
    sent = coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=False)

    coinspaid.move(sent["id"], "cancelled", error="Double spend")
    coinspaid.delivered(reference=str(sent["id"]))

    assert [one["status"] for one in documents(listener)] == ["not_confirmed", "cancelled"]
    with pytest.raises(ControlRefused, match="cannot become confirmed"):
        coinspaid.move(sent["id"], "confirmed")


def test_a_final_deposit_can_be_contradicted_on_purpose(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    sent = coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)

    coinspaid.move(sent["id"], "cancelled", force=True)
    coinspaid.delivered(reference=str(sent["id"]))

    statuses = [one["status"] for one in documents(listener)]
    assert statuses == ["not_confirmed", "confirmed", "cancelled"]


def test_blocks_come_one_by_one_when_stopped(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    sent = coinspaid.send(take_address(coinspaid, "LTC")["address"], "0.5", confirm=False)

    states = [coinspaid.mine(sent["id"])["status"] for _ in range(3)]

    assert states == ["not_confirmed", "not_confirmed", "confirmed"]


def test_a_deposit_can_be_exchanged_on_arrival(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    address = take_address(coinspaid, convert_to="EUR")
    sent = coinspaid.send(address["address"], "0.01", confirm=True)
    coinspaid.delivered(reference=str(sent["id"]))

    final = documents(listener)[-1]
    assert final["type"] == "deposit_exchange"
    assert final["currency_sent"] == {"currency": "BTC", "amount": "0.01000000"}
    assert final["currency_received"] == {
        "currency": "EUR",
        "amount": "600.00000000",
        "amount_minus_fee": "595.20000000",
    }


def test_a_wrong_coin_is_marked(coinspaid: Coinspaid, listener: RecordingCasino) -> None:
    address = take_address(coinspaid, "USDC")["address"]
    sent = coinspaid.send(address, "1", currency="ETH", confirm=True)
    coinspaid.delivered(reference=str(sent["id"]))

    final = documents(listener)[-1]
    assert final["crypto_address"]["cross_currency"] is True
    assert final["currency_received"]["currency"] == "ETH"


def test_confirmations_are_a_number_here_and_text_there(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    for _ in range(2):
        coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)
    coinspaid.delivered(kind="confirmed")

    kinds = {type(one["transactions"][0]["confirmations"]) for one in documents(listener)}
    assert kinds == {int, str}


def test_a_token_deposit_lists_a_fee_in_another_coin(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    sent = coinspaid.send(take_address(coinspaid, "USDTE")["address"], "100", confirm=True)
    coinspaid.delivered(reference=str(sent["id"]))

    final = documents(listener)[-1]
    assert [fee["currency"] for fee in final["fees"]] == ["USDTE", "ETH"]
    assert final["currency_received"]["amount_minus_fee"] == "99.20000000"


@pytest.mark.parametrize("amount", ["0", "-1", "0.000000001", "much", ""])
def test_nobody_sends_such_an_amount(
    coinspaid: Coinspaid, listener: RecordingCasino, amount: str
) -> None:
    address = take_address(coinspaid)["address"]

    with pytest.raises(ControlRefused):
        coinspaid.send(address, amount)
    assert coinspaid.transactions() == []


def test_coins_to_a_strange_address_are_refused(coinspaid: Coinspaid) -> None:
    with pytest.raises(ControlRefused, match="not given out here"):
        coinspaid.send("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "1")


# ---- withdrawals -------------------------------------------------------------------------------


def test_a_withdrawal_is_acknowledged_and_then_sent(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    response = withdraw(coinspaid)
    coinspaid.delivered()

    assert response.status_code == 201
    assert response.json()["data"]["status"] == "processing"
    final = documents(listener)[0]
    assert final["status"] == "confirmed"
    assert final["foreign_id"] == "w-1"
    assert [fee["type"] for fee in final["fees"]] == ["mining", "withdrawal"]
    assert coinspaid.withdrawal("w-1")["status"] == "confirmed"


def test_a_foreign_id_is_taken_once(coinspaid: Coinspaid, listener: RecordingCasino) -> None:
    withdraw(coinspaid)

    again = withdraw(coinspaid)

    assert again.status_code == 400
    assert again.json() == {"errors": {"foreign_id": "The foreign id has already been taken."}}
    assert len(coinspaid.transactions(kind="withdrawal")) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "0.00001"}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": "1", "amount_to": "1"}, "amount"),
        ({"address": ""}, "address"),
        ({"address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"}, "address"),
        ({"currency": "EUR", "amount": "20"}, "currency"),
        ({"foreign_id": ""}, "foreign_id"),
        ({"convert_to": "EUR"}, "convert_to"),
    ],
)
def test_a_bad_withdrawal_names_the_field(
    coinspaid: Coinspaid, changes: dict[str, object], field: str
) -> None:
    response = withdraw(coinspaid, **changes)

    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]
    assert coinspaid.transactions() == []


@pytest.mark.parametrize("status", ["declined", "cancelled", "failed"])
def test_a_refused_withdrawal_has_no_amounts(
    coinspaid: Coinspaid, listener: RecordingCasino, status: str
) -> None:
    coinspaid.options(withdrawals_auto=False)
    number = withdraw(coinspaid).json()["data"]["id"]

    coinspaid.move(number, status, error="No")
    coinspaid.delivered(reference=str(number))

    document = documents(listener)[0]
    assert document["status"] == status
    assert document["error"] == "No"
    assert "currency_sent" not in document
    assert "currency_received" not in document


def test_a_large_withdrawal_waits_for_the_owner(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    coinspaid.options(approval_above_eur="100")
    number = withdraw(coinspaid).json()["data"]["id"]
    coinspaid.delivered(reference=str(number))

    assert documents(listener)[0]["status"] == "pending"
    coinspaid.move(number, "declined", error="Too much")
    coinspaid.delivered(reference=str(number), kind="declined")
    assert documents(listener)[-1]["status"] == "declined"


def test_a_withdrawal_beyond_the_balance_fails(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    number = withdraw(coinspaid, amount="100000").json()["data"]["id"]

    coinspaid.delivered(reference=str(number))

    assert documents(listener)[-1]["status"] == "failed"
    assert documents(listener)[-1]["error"] == "Not enough balance"


def test_a_converted_withdrawal_has_bare_numbers(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    response = withdraw(
        coinspaid,
        convert_to="LTC",
        address="ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
        amount="0.01088230",
    )
    assert response.status_code == 201, response.text
    coinspaid.delivered()

    assert b'"amount":0.01088230}' in listener.asked[0].body
    assert documents(listener)[0]["type"] == "withdrawal_exchange"


# ---- asking ------------------------------------------------------------------------------------


def test_a_withdrawal_is_found_by_our_id_and_a_deposit_is_not(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    number = withdraw(coinspaid).json()["data"]["id"]
    sent = coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=False)
    info = "/transactions/info"

    by_ours = ask_gateway(coinspaid, info, method="GET", foreign_id="w-1")
    by_theirs = ask_gateway(coinspaid, info, method="GET", id=sent["id"])

    assert by_ours.json()["id"] == number
    assert by_theirs.json()["status"] == "not_confirmed"
    assert ask_gateway(coinspaid, info, method="GET", foreign_id="u-77").status_code == 404
    assert ask_gateway(coinspaid, info, method="GET").status_code == 400
    assert (
        ask_gateway(coinspaid, info, method="GET", id=number, foreign_id="w-1").status_code == 404
    )
    assert ask_gateway(coinspaid, info, method="GET", txid=sent["txid"]).json()["id"] == sent["id"]


def test_the_latest_callback_can_be_sent_again(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    sent = coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)
    coinspaid.delivered(reference=str(sent["id"]))

    statuses = coinspaid.resend(sent["id"], 5, parallel=True)

    assert statuses == [200] * 5
    assert [json.loads(asked.body)["status"] for asked in listener.asked[-5:]] == ["confirmed"] * 5


def test_the_testers_pages_open(coinspaid: Coinspaid, listener: RecordingCasino) -> None:
    address = take_address(coinspaid)["address"]
    sent = coinspaid.send(address, "0.01", confirm=True)
    withdraw(coinspaid)
    pages = ["", "withdrawals/", "addresses/", "calls/", "send", f"transactions/{sent['id']}/"]

    for path in [*pages, f"send?address={address}", "send?address=nonsense"]:
        assert coinspaid.http.get(f"/coinspaid/{path}").status_code == 200, path
    assert coinspaid.http.get("/coinspaid/transactions/1/").status_code == 404


def test_a_page_form_sends_coins(coinspaid: Coinspaid, listener: RecordingCasino) -> None:
    address = take_address(coinspaid)["address"]
    form = {"address": address, "tag": "", "amount": "0,02", "currency": "", "confirm": "true"}

    response = coinspaid.http.post(
        "/coinspaid/control/send", data=form | {"next": "/coinspaid/"}, follow_redirects=False
    )

    assert response.status_code == 302
    assert response.headers["location"].startswith("/coinspaid/?said=0.02000000+BTC+sent")
    assert coinspaid.transactions()[0]["status"] == "confirmed"


def test_another_site_cannot_press_the_buttons(coinspaid: Coinspaid) -> None:
    address = take_address(coinspaid)["address"]

    response = coinspaid.http.post(
        "/coinspaid/control/send",
        json={"address": address, "amount": "1"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert response.status_code == 403
    assert coinspaid.transactions() == []


# ---- the rarer things --------------------------------------------------------------------------


def test_a_reorganised_deposit_waits_again_or_is_gone(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    coinspaid.options(deposits_auto=False)
    sent = coinspaid.send(take_address(coinspaid, "LTC")["address"], "0.5")
    coinspaid.mine(sent["id"])

    assert coinspaid.reorganise(sent["id"], "unburied")["status"] == "not_confirmed"
    assert coinspaid.transaction(sent["id"])["confirmations"] == 0
    coinspaid.reorganise(sent["id"], "gone")
    coinspaid.delivered(reference=str(sent["id"]), kind="cancelled")

    assert documents(listener)[-1]["error"] == "The transaction is not on the chain any more"
    assert {one["changes"] for one in coinspaid.books()} == {"0.00000000"}


def test_a_wrong_report_leaves_the_book_as_it_is(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    sent = coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)
    before = coinspaid.books()

    coinspaid.contradict(sent["id"], status="cancelled", amount="5")
    coinspaid.delivered(reference=str(sent["id"]), kind="cancelled")

    told = documents(listener)[-1]
    assert (told["status"], told["currency_received"]["amount"]) == ("cancelled", "5.00000000")
    assert coinspaid.transaction(sent["id"])["status"] == "confirmed"
    assert coinspaid.books() == before


def test_a_forced_status_moves_the_accounts_with_it(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    sent = coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)
    assert coinspaid.books()[0]["changes"] == "0.00992000"

    coinspaid.move(sent["id"], "cancelled", force=True)

    assert coinspaid.books()[0]["changes"] == "0.00000000"


def test_too_many_calls_get_the_documents_own_body(coinspaid: Coinspaid) -> None:
    coinspaid.switches(api_answer="limited", remaining=1)

    response = ask_gateway(coinspaid, "/accounts/list")

    assert (response.status_code, response.content) == (429, b'{"errors":{"error code: 1015"}}')
    assert ask_gateway(coinspaid, "/accounts/list").status_code == 200


def test_a_call_that_is_never_sent_is_given_up(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    coinspaid.switches(callback_answer="unsent")
    coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)
    coinspaid.settled()

    assert {call["state"] for call in coinspaid.settled()} == {"given up"}
    assert listener.asked == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sender_currency": "XYZ"}, "sender_currency"),
        ({"receiver_currency": "BTC"}, "currency_from"),
        ({"sender_amount": "0.0000001"}, "sender_amount"),
        ({"receiver_amount": "5"}, "sender_amount"),
        ({"sender_amount": "much"}, "sender_amount"),
    ],
)
def test_a_bad_exchange_request_names_the_field(
    coinspaid: Coinspaid, changes: dict[str, str], field: str
) -> None:
    wanted = {"sender_currency": "BTC", "receiver_currency": "EUR", "sender_amount": "0.01"}

    response = ask_gateway(coinspaid, "/exchange/calculate", **(wanted | changes))

    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]


def test_a_bad_invoice_request_names_every_field(coinspaid: Coinspaid) -> None:
    response = ask_gateway(coinspaid, "/invoices/create", currency="BTC", amount="0.00000001")

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {
        "foreign_id", "timer", "title", "url_success", "url_failed", "email_user", "amount",
    }  # fmt: skip


def test_the_pages_of_the_rarer_things_open(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    made = ask_gateway(
        coinspaid, "/invoices/create", currency="BTC", amount="0.01", foreign_id="164",
        timer=True, title="Test", url_success="https://casino.example/",
        url_failed="https://casino.example/", email_user="p@example.com",
    ).json()["data"]  # fmt: skip
    exchanged = ask_gateway(
        coinspaid, "/exchange/now", foreign_id="e-1", sender_currency="BTC",
        receiver_currency="EUR", sender_amount="0.01",
    ).json()["data"]  # fmt: skip
    assert made["foreign_id"] == 164

    for path in (
        "exchanges/", "invoices/", "accounts/", "accounts/?currency=BTC", f"invoices/{made['id']}/",
        f"transactions/{made['id']}/", f"transactions/{exchanged['id']}/",
    ):  # fmt: skip
        assert coinspaid.http.get(f"/coinspaid/{path}").status_code == 200, path
    assert coinspaid.http.get("/coinspaid/invoices/1/").status_code == 404
