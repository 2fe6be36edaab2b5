""" "Can I withdraw now?": one answer for the page, the API and the staff; and the closed loop."""

import random
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.html import escape
from rest_framework.test import APIClient

from apps.accounts.models import Player
from apps.accounts.services import create_api_key
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.models import Purse, Wallet
from apps.ledger.selectors import currency
from apps.ledger.verification import verify
from apps.payments import addressbook, closed_loop, readiness
from apps.payments.errors import WithdrawalBlocked
from apps.payments.models import Deposit, Rail, SavedAddress, Withdrawal
from apps.payments.services import withdrawals
from apps.wallet import exchange, movements, selectors, vault
from apps.wallet.errors import InsufficientFunds
from tests.conftest import PASSWORD
from tests.operator.factories import make_staff, signed_in
from tests.payments.factories import (
    OTHER_ADDRESS,
    WALLET_ADDRESS,
    btc,
    cash,
    end_rules,
    in_parallel,
    limit,
    picture,
    rail,
    request_withdrawal,
    reserved,
)
from tests.rates.factories import set_rates
from tests.seeds import seeds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _funded(player, fund):
    end_rules()
    fund(player, "0.05", "BTC")


def codes(ready) -> list[str]:
    return [one.code for one in ready.stops]


def euro(text: str) -> Money:
    return Money.parse(text, currency("EUR"))


def card_deposit(player, fund, amount="100", method="card") -> None:
    fund(player, amount, "EUR")
    at = now()
    Deposit.objects.create(
        player=player, rail=rail("EUR"), currency_id="EUR", provider="paymentiq", method=method,
        outside_ref=f"piq-{Deposit.objects.count()}", state="confirmed", amount=Decimal(amount),
        gross=Decimal(amount), net=Decimal(amount), created_at=at, confirmed_at=at, updated_at=at,
    )  # fmt: skip


def fiat_wish(player, amount, *, key, method="card", account="**** 4242") -> Withdrawal:
    return withdrawals.request_withdrawal(
        player=player,
        amount=euro(amount),
        rail=rail("EUR"),
        account=account,
        method=method,
        key=key,
    )


# ---- the answer --------------------------------------------------------------------------------


def test_a_player_in_order_may_take_everything(player):
    ready = readiness.of(player, rail())

    assert ready.is_ready
    assert (ready.available, ready.cash) == (btc("0.05"), btc("0.05"))
    assert ready.due_hours == 24


def test_nothing_to_take_is_said_with_the_minimum(other_player):
    ready = readiness.of(other_player, rail())

    assert codes(ready) == ["balance"]
    assert "0.0001 BTC" in ready.stops[0].words


@pytest.mark.rule("PAY-04", "PAY-13")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: withdrawals.freeze_payouts(p, because="Odd.", actor="system"), "frozen"),
        (
            lambda p: Player.objects.filter(pk=p.pk).update(credentials_changed_at=now()),
            "credentials_wait",
        ),
        (lambda p: Rail.objects.filter(code="BTC").update(pays_out=False), "rail"),
        (lambda p: limit(rail=rail(), amount_max=Decimal("0.00001")), "above_maximum"),
        (lambda p: limit(day_count=0), "day_count"),
        (lambda p: limit(day_sum=Decimal(10)), "no_rate"),
        (lambda p: limit(kyc_level=1), "verification"),
    ],
)
def test_what_is_in_the_way_is_named_and_the_request_is_refused_by_it(player, change, code):
    change(player)
    ready = readiness.of(player, rail(), btc("0.02"))
    before = picture()

    assert code in codes(ready)
    assert all(one.words for one in ready.stops)
    if code != "rail":
        with pytest.raises(WithdrawalBlocked) as refused:
            request_withdrawal(player, "0.02")
        assert refused.value.code == codes(ready)[0]
    assert picture() == before


def test_a_wait_says_until_when(player):
    changed = now() - timedelta(hours=20)
    Player.objects.filter(pk=player.pk).update(credentials_changed_at=changed)

    found = next(one for one in readiness.of(player, rail()).checks if one.is_stop)

    assert found.until == changed + timedelta(hours=24)


def test_verification_is_asked_before_it_blocks(player):
    set_rates(BTC="50000")
    limit(kyc_level=2, kyc_above=Decimal(2000))

    some = readiness.of(player, rail(), btc("0.04"))  # 2000 exactly
    more = readiness.of(player, rail(), btc("0.0400004"))

    assert codes(some) == []
    assert next(one for one in some.checks if one.code == "verification").state == "info"
    assert codes(more) == ["verification"]
    Player.objects.filter(pk=player.pk).update(kyc_level=2)
    assert codes(readiness.of(player, rail(), btc("0.0400004"))) == []


def test_what_was_withdrawn_in_a_lifetime_counts(player):
    set_rates(BTC="50000")
    limit(kyc_level=2, kyc_above=Decimal(2000))
    request_withdrawal(player, "0.03")

    assert codes(readiness.of(player, rail(), btc("0.0100004"))) == ["verification"]


def test_digits_the_rail_does_not_carry_are_not_available(player, fund):
    fund(player, "1.123456789123", "ETH")

    assert readiness.of(player, rail("ETH")).available.text == "1.123456780000000000"


# ---- the same answer at every door -------------------------------------------------------------


def test_page_api_and_staff_give_the_same_answer(player, client):
    set_rates(BTC="50000")
    limit(day_sum=Decimal(1000), kyc_level=3, kyc_above=Decimal(100_000))
    request_withdrawal(player, "0.015", address=OTHER_ADDRESS)
    Player.objects.filter(pk=player.pk).update(credentials_changed_at=now() - timedelta(hours=1))
    ready = readiness.of(player, rail())
    assert ready.stops
    client.force_login(player.user)
    key, _ = create_api_key(player=player, name="bot", scopes=["read"])
    api = APIClient()
    api.force_authenticate(player.user, token=key)

    page = client.get("/wallet/withdraw/?currency=BTC").content.decode()
    answer = api.get("/api/v1/withdrawal-readiness/?currency=BTC&rail=BTC").json()
    staff = signed_in(make_staff("finance")).get(f"/operator/players/{player.pk}/").content.decode()

    assert [one["code"] for one in answer["checks"]] == [one.code for one in ready.checks]
    assert (answer["ready"], answer["available"]) == (False, ready.available.text)
    for check in ready.checks:
        assert escape(check.words) in page, check
        assert escape(check.words) in staff, check
        assert check.words in [one["words"] for one in answer["checks"]]
        if check.until:
            assert f"{check.until:%H:%M} UTC" in page
            assert f"{check.until:%H:%M} UTC" in staff


def test_the_api_answers_about_an_amount(player):
    key, _ = create_api_key(player=player, name="bot", scopes=["read"])
    api = APIClient()
    api.force_authenticate(player.user, token=key)
    limit(rail=rail(), fee_bps=100)

    answer = api.get("/api/v1/withdrawal-readiness/?currency=BTC&rail=BTC&amount=0.02").json()

    assert answer["ready"] is True
    assert (answer["fee"], answer["receives"]) == ("0.00020000", "0.01980000")
    for query in ("rail=BTC", "amount=1", "currency=BTC&rail=BTC&amount=x", "currency=X&rail=BTC"):
        assert api.get(f"/api/v1/withdrawal-readiness/?{query}").status_code == 400
    assert api.get("/api/v1/withdrawal-readiness/").json()["available"] is None


# ---- closed loop -------------------------------------------------------------------------------


@pytest.mark.rule("AML-12")
def test_what_came_by_card_goes_back_by_card_first(player, fund):
    card_deposit(player, fund)
    fund(player, "50", "EUR")  # won

    blocked = readiness.of(player, rail("EUR"), euro("60"), method="bank")
    assert codes(blocked) == ["closed_loop"]
    with pytest.raises(WithdrawalBlocked):
        fiat_wish(player, "60", key="bank", method="bank", account="DE** 3000")

    assert fiat_wish(player, "50", key="bank", method="bank", account="DE** 3000")
    assert fiat_wish(player, "100", key="card").account == "**** 4242"


def test_a_way_that_has_had_its_money_back_owes_nothing(player, fund):
    card_deposit(player, fund)
    fund(player, "50", "EUR")
    fiat_wish(player, "100", key="card")

    assert closed_loop.owed(player, rail("EUR"), "bank") == []


def test_an_exchange_is_no_way_around_it(player, fund):
    set_rates(BTC="50000")
    card_deposit(player, fund, "1000")
    movements.exchanged(
        player_id=player.pk, sold=euro("1000"), bought=btc("0.02"), spread=btc("0"),
        key="x", quote_id=1,
    )  # fmt: skip

    ready = readiness.of(player, rail())

    assert (ready.cash, ready.available) == (btc("0.07"), btc("0.05"))
    with pytest.raises(WithdrawalBlocked) as refused:
        request_withdrawal(player, "0.0500001")
    assert refused.value.code == "closed_loop"
    assert request_withdrawal(player, "0.05").state == "requested"


def test_without_a_rate_an_exchanged_debt_blocks_everything(player, fund):
    card_deposit(player, fund, "1000")
    movements.exchanged(
        player_id=player.pk, sold=euro("1000"), bought=btc("0.02"), spread=btc("0"),
        key="x", quote_id=1,
    )  # fmt: skip

    assert readiness.of(player, rail()).available == btc("0")


def test_money_that_was_lost_is_owed_to_nobody_else(player, fund):
    card_deposit(player, fund)  # and never exchanged

    assert readiness.of(player, rail()).is_ready


@pytest.mark.parametrize(("mode", "is_blocked"), [("fiat", False), ("all", True), ("off", False)])
def test_coins_go_back_the_same_network_only_where_the_house_says_so(
    player, fund, settings, mode, is_blocked
):
    settings.CLOSED_LOOP = mode
    fund(player, "100", "USDT")
    at = now()
    Deposit.objects.create(
        player=player, rail=rail("USDTT"), currency_id="USDT", provider="coinspaid",
        outside_ref="d1", state="confirmed", amount=Decimal(100), gross=Decimal(100),
        net=Decimal(100), created_at=at, confirmed_at=at, updated_at=at,
    )  # fmt: skip

    assert ("closed_loop" in codes(readiness.of(player, rail("USDTE")))) is is_blocked


# ---- fiat goes through the same door -----------------------------------------------------------


def test_a_fiat_withdrawal_has_an_account_and_no_address(player, fund):
    fund(player, "100", "EUR")

    made = fiat_wish(player, "50", key="piq:1")

    assert (made.address, made.account, made.held_until) == ("", "**** 4242", None)
    assert fiat_wish(player, "50", key="piq:1").pk == made.pk
    before = picture()
    for wrong in ({"account": ""}, {"address": WALLET_ADDRESS, "account": "x"}):
        with pytest.raises(Exception, match="Check the address"):
            withdrawals.request_withdrawal(
                player=player, amount=euro("20"), rail=rail("EUR"), key="piq:2", **wrong
            )
    assert picture() == before


def test_a_new_password_does_not_stop_fiat(player, fund):
    fund(player, "100", "EUR")
    Player.objects.filter(pk=player.pk).update(credentials_changed_at=now())

    assert fiat_wish(player, "50", key="piq:1").state == "requested"


# ---- stepping up -------------------------------------------------------------------------------


def wish(client, **changes):
    data = {
        "rail": "BTC", "amount": "0.02", "address": WALLET_ADDRESS, "key": "k", "step": "confirm",
    }  # fmt: skip
    return client.post("/wallet/withdraw/", data | changes)


@pytest.mark.parametrize("password", ["", "wrong"])
def test_confirming_needs_the_password(player, client, password):
    client.force_login(player.user)
    before = picture()["withdrawals"]

    answer = wish(client, password=password)

    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Is this right?" in html
    assert 'name="password"' in html
    assert picture()["withdrawals"] == before
    assert cash(player) == Decimal("0.05")


def test_a_password_counts_for_some_minutes(player, client, settings):
    client.force_login(player.user)
    assert wish(client, password=PASSWORD).status_code == 302

    assert 'name="password"' not in wish(client, step="review", key="l").content.decode()
    assert wish(client, key="l", amount="0.01").status_code == 302
    settings.STEP_UP_MINUTES = 0
    assert wish(client, key="m", amount="0.01").status_code == 422
    assert Withdrawal.objects.count() == 2


def test_a_signed_in_program_needs_a_fresh_password_and_a_key_a_saved_address(player, client):
    data = {"amount": "0.02", "currency": "BTC", "rail": "BTC", "address": WALLET_ADDRESS}
    client.force_login(player.user)
    answer = client.post(
        "/api/v1/withdrawals/", data, "application/json", headers={"Idempotency-Key": "a"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "step_up_required")

    key, _ = create_api_key(player=player, name="bot", scopes=["money"])
    api = APIClient()
    api.force_authenticate(player.user, token=key)
    answer = api.post("/api/v1/withdrawals/", data, format="json", headers={"Idempotency-Key": "b"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "address_not_usable")
    assert Withdrawal.objects.count() == 0
    assert SavedAddress.objects.count() == 0


def test_an_address_is_saved_by_api_and_page_with_a_fresh_password_only(player, client):
    client.force_login(player.user)
    data = {"currency": "BTC", "rail": "BTC", "address": WALLET_ADDRESS, "label": "Mine"}
    path = "/api/v1/payout-addresses/"
    assert client.post(path, data, "application/json").status_code == 403
    form = {"rail": "BTC", "address": WALLET_ADDRESS, "label": "Mine"}
    assert client.post("/wallet/addresses/", form).status_code == 422
    assert SavedAddress.objects.count() == 0

    assert client.post("/wallet/addresses/", form | {"password": PASSWORD}).status_code == 302
    made = client.post(path, data | {"address": OTHER_ADDRESS}, "application/json")
    assert made.status_code == 201
    assert [one["label"] for one in client.get(path).json()["results"]] == ["Mine", "Mine"]
    assert client.delete(f"{path}{made.json()['id']}/").status_code == 204
    assert len(addressbook.saved(player)) == 1


def test_the_page_pays_to_a_saved_address(player, client):
    made = addressbook.save(player=player, rail=rail(), address=OTHER_ADDRESS, label="Cold")
    client.force_login(player.user)

    page = client.get("/wallet/withdraw/?currency=BTC").content.decode()
    review = wish(client, step="review", to=made.public_id, address="").content.decode()

    assert "Cold · 3J98t1Wp…" in page
    assert "Cold" in review
    shown = re.sub(r"<[^>]+>", "", review)
    assert OTHER_ADDRESS in shown


def test_switching_saved_only_off_needs_the_password(player, client):
    client.force_login(player.user)
    client.post("/wallet/addresses/saved-only/", {"on": "yes"})
    client.post("/wallet/addresses/saved-only/", {"on": "no", "password": "wrong"})
    player.payout_guard.refresh_from_db()
    assert player.payout_guard.saved_only

    client.post("/wallet/addresses/saved-only/", {"on": "no", "password": PASSWORD})
    player.payout_guard.refresh_from_db()
    assert not player.payout_guard.saved_only


# ---- at the same moment ------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@seeds(3)
def test_f2_the_same_wish_from_two_devices_with_other_keys_is_one_payment_and_a_refusal(
    player, seed
):
    results = in_parallel(
        [lambda n=n: request_withdrawal(player, "0.04", key=f"device-{n}") for n in range(4)]
    )

    made = [one for one in results if isinstance(one, Withdrawal)]
    assert len(made) == 1
    assert (cash(player), reserved(player)) == (Decimal("0.01"), Decimal("0.04"))


@pytest.mark.django_db(transaction=True)
@seeds(3)
def test_f2_a_count_is_never_passed_by_many_at_once(player, seed):
    limit(day_count=2)

    results = in_parallel(
        [lambda n=n: request_withdrawal(player, "0.001", key=f"k{n}") for n in range(6)]
    )

    assert sum(isinstance(one, Withdrawal) for one in results) == 2
    refused = [one for one in results if isinstance(one, WithdrawalBlocked)]
    assert [one.code for one in refused] == ["day_count"] * 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
@seeds(3)
def test_f3_bets_withdrawals_exchanges_and_the_vault_at_once_never_take_more_than_there_is(
    player, fund, settings, seed
):
    """Everything that takes from one wallet, and what gives to it, each at a random amount."""
    luck = random.Random(seed)
    settings.EXCHANGE_QUOTE_SECONDS = 60
    set_rates()
    fund(player, "1000", "EUR")
    vault.put(player=player, amount=btc("0.01"), key="start")
    wallet = Wallet.objects.get(player=player, currency__code="BTC", purse=Purse.CASH)

    def some() -> Money:
        return btc(f"0.0{luck.randint(10, 30)}")

    def bet(n: int, amount: Money):
        stake = movements.Bet(f"b{n}", amount, f"r{n}", None)
        movements.play([stake], partner="softswiss", wallet_id=wallet.pk, currency=amount.currency)

    # Each with what it makes of cash in BTC, cash in EUR, what is reserved and the vault.
    calls, effects = [], []

    def add(call, **effect: Decimal) -> None:
        calls.append(call)
        effects.append(effect)

    for n in range(luck.randint(2, 4)):
        amount = some()
        add(lambda n=n, a=amount: bet(n, a), btc=-amount.major)
        amount = some()
        add(
            lambda n=n, a=amount: request_withdrawal(player, a.text, key=f"w{n}"),
            btc=-amount.major, reserved=amount.major,
        )  # fmt: skip
        amount = some()
        add(
            lambda n=n, a=amount: vault.put(player=player, amount=a, key=f"in{n}"),
            btc=-amount.major, vault=amount.major,
        )  # fmt: skip
        for sold, to in ((some(), "EUR"), (euro(str(luck.randint(300, 900))), "BTC")):
            taken = exchange.quote(player=player, sold=sold, bought_code=to)
            add(
                lambda one=taken.public_id: exchange.accept(player=player, quote_id=one, key=one),
                **{sold.currency.code.lower(): -sold.major, to.lower(): taken.received.major},
            )
    add(
        lambda: vault.take(player=player, amount=btc("0.01"), key="out"),
        btc=Decimal("0.01"), vault=Decimal("-0.01"),
    )  # fmt: skip

    results = in_parallel(luck.sample(list(map(numbered, enumerate(calls))), k=len(calls)))

    refused = [one for one in results if not isinstance(one, int)]
    assert {type(one) for one in refused} <= {InsufficientFunds}
    have = {"btc": Decimal("0.04"), "eur": Decimal(1000), "vault": Decimal("0.01")}
    for place in (one for one in results if isinstance(one, int)):
        for name, change in effects[place].items():
            have[name] = have.get(name, Decimal(0)) + change
    now_there = selectors.balance(player.pk, currency("BTC"))
    assert (now_there.cash.major, now_there.vault.major) == (have["btc"], have["vault"])
    assert cash(player, "EUR") == have["eur"]
    assert reserved(player) == have.get("reserved", Decimal(0))
    assert min(have.values()) >= 0
    assert [str(finding) for finding in verify()] == []


def numbered(task):
    """The call, told apart from the others by its number."""
    number, call = task

    def run() -> int:
        call()
        return number

    return run
