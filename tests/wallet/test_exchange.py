"""Exchange between own wallets: the arithmetic, the quote, the two legs and the spread."""

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.core.money import Currency, Money
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import currency
from apps.ledger.verification import verify
from apps.rates import selectors as rates
from apps.rates.errors import RateUnavailable
from apps.rates.models import Rate
from apps.rates.selectors import Price
from apps.wallet import exchange, selectors, vault
from apps.wallet.errors import (
    InsufficientFunds,
    KeyConflict,
    QuoteExpired,
    QuoteUsed,
    RateMoved,
    TooLittle,
    WalletBlocked,
)
from apps.wallet.models import ExchangeQuote
from apps.wallet.movements import Result
from apps.wallet.services import set_player_status
from tests.rates.factories import set_rates
from tests.seeds import seeds, size
from tests.wallet.test_concurrency import at_once

SCALES = {"BTC": 8, "ETH": 18, "USDT": 6, "EUR": 2, "JPY": 0}


def money(text: str, code: str) -> Money:
    return Money.parse(text, currency(code))


def cash(player: Player, code: str) -> str:
    return selectors.balance(player.pk, currency(code)).cash.text


def offer(player: Player, text: str, code: str, to: str) -> ExchangeQuote:
    return exchange.quote(player=player, sold=money(text, code), bought_code=to)


@pytest.fixture
def rich(player: Player, fund: Callable[..., Result]) -> Player:
    set_rates()
    fund(player, "1", "BTC")
    fund(player, "1000", "EUR")
    return player


# ---- arithmetic ----------------------------------------------------------------------------------


def made(code: str) -> Currency:
    return Currency(code, SCALES[code], "crypto", code, code, 2)


def at(code: str, value: Decimal) -> Price:
    return Price(code, value, None, "test", None, is_stale=False, may_settle=True)


values = st.decimals(
    min_value=Decimal("0.000001"), max_value=Decimal("1000000"), places=12, allow_nan=False
)


@pytest.mark.rule("PAY-24")
@given(
    units=st.integers(1, 10**24),
    route=st.lists(st.sampled_from(sorted(SCALES)), min_size=2, max_size=5),
    worth=st.fixed_dictionaries(dict.fromkeys(SCALES, values)),
    spread=st.integers(0, 500),
)
@pytest.mark.django_db
def test_no_way_around_gains(
    units: int, route: list[str], worth: dict[str, Decimal], spread: int
) -> None:
    held = Money(units, currency(route[0]))
    for here, there in zip(route, [*route[1:], route[0]], strict=True):
        if here == there:
            continue
        terms = exchange.price(held, at(here, worth[here]), at(there, worth[there]), spread)
        assert terms.spread.units >= 0
        # What is received is never worth more than what was sold, at the very same rates.
        # In fractions: a product of two such decimals has more digits than Decimal keeps.
        left_over = Fraction(held.major) * Fraction(worth[here]) * Fraction(10_000 - spread, 10_000)
        assert Fraction(terms.received.major) * Fraction(worth[there]) <= left_over
        held = terms.received

    assert held.units <= units


@pytest.mark.django_db
def test_the_worked_example() -> None:
    found = exchange.price(
        money("250", "EUR"), at("EUR", Decimal("1.10")), at("USDT", Decimal(1)), 100
    )
    assert (found.bought.text, found.spread.text, found.received.text) == (
        "275.000000",
        "2.750000",
        "272.250000",
    )


@pytest.mark.django_db
@seeds(1, quick=6)
def test_h3_tiny_conversions_around_a_loop_never_gain(
    player: Player, fund: Callable[..., Result], settings: Any, seed: int
) -> None:
    """Every seed goes round another way."""
    luck = random.Random(seed)
    loop = list(permutations(("EUR", "USDT", "JPY")))[seed % 6]
    steps = size(60, 1_000)
    usdt = Decimal("0.9173") if not seed else Decimal(luck.randint(800_000, 1_200_000)).scaleb(-6)
    yen = Decimal("0.006137") if not seed else Decimal(luck.randint(5_000, 8_000)).scaleb(-6)
    settings.EXCHANGE_MIN = 0
    settings.EXCHANGE_SPREAD_BPS = 0  # the rounding alone must be in the house's favour
    set_rates(USDT=f"{usdt}", JPY=f"{yen}")
    fund(player, "5.00", "EUR")
    worth = {"EUR": Decimal(1), "USDT": usdt, "JPY": yen}

    def all_of_it() -> Decimal:
        found = {one.currency.code: one.cash.major for one in selectors.balances(player.pk)}
        return sum((found[code] * worth[code] for code in worth), Decimal(0))

    before, step, refused = all_of_it(), 0, 0
    while step < steps and refused < 3:
        here, there = loop[step % 3], loop[(step + 1) % 3]
        step += 1
        held = selectors.balance(player.pk, currency(here)).cash
        bit = Money(max(1, min(held.units, held.units // 100)), currency(here))
        try:
            taken = exchange.quote(player=player, sold=bit, bought_code=there)
        except (TooLittle, InsufficientFunds):
            refused += 1
            continue
        refused = 0
        exchange.accept(player=player, quote_id=taken.public_id, key=taken.public_id)
        after = all_of_it()
        assert after <= before
        before = after

    assert before <= 5


# ---- the movement --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_exchange_moves_both_wallets_with_a_leg_for_the_spread(rich: Player) -> None:
    quote = offer(rich, "0.1", "BTC", "USDT")

    done = exchange.accept(player=rich, quote_id=quote.public_id, key="k")

    assert (done.bought.text, done.spread.text, done.received.text) == (
        "6666.666666",
        "66.666666",
        "6600.000000",
    )
    assert (cash(rich, "BTC"), cash(rich, "USDT")) == ("0.90000000", "6600.000000")
    legs = Entry.objects.filter(source_id=quote.pk, kind__in=[12, 13, 14]).order_by("id")
    assert [(Kind(leg.kind).name, leg.account.code, f"{leg.amount:f}"[:12]) for leg in legs] == [
        ("EXCHANGE_SOLD", "conversion", "-0.100000000"),
        ("EXCHANGE_BOUGHT", "conversion", "6666.6666660"),
        ("EXCHANGE_SPREAD", "conversion_spread", "-66.66666600"),
    ]


@pytest.mark.django_db
def test_the_quote_keeps_the_rates_it_was_made_with(rich: Player) -> None:
    quote = offer(rich, "0.1", "BTC", "EUR")
    done = exchange.accept(player=rich, quote_id=quote.public_id, key="k")

    assert done.sold_rate is not None
    assert (done.sold_rate.code, done.sold_rate.value, done.bought_rate) == ("BTC", 60000, None)
    # And they are the ones in force for its entries, for ever.
    entry = Entry.objects.get(pk=done.sold_entry_id)
    assert rates.rate_of(entry.pk, "BTC") == done.sold_rate.value


# ---- the quote -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_key_again_is_the_same_exchange(rich: Player) -> None:
    quote = offer(rich, "0.1", "BTC", "EUR")
    first = exchange.accept(player=rich, quote_id=quote.public_id, key="k")
    again = exchange.accept(player=rich, quote_id=quote.public_id, key="k")

    assert again.accepted_at == first.accepted_at
    assert (cash(rich, "BTC"), cash(rich, "EUR")) == ("0.90000000", "6940.00")


@pytest.mark.django_db
def test_a_quote_is_used_once(rich: Player) -> None:
    quote = offer(rich, "0.1", "BTC", "EUR")
    exchange.accept(player=rich, quote_id=quote.public_id, key="k")

    with pytest.raises(QuoteUsed):
        exchange.accept(player=rich, quote_id=quote.public_id, key="another")

    assert cash(rich, "BTC") == "0.90000000"


@pytest.mark.django_db
def test_a_key_stands_for_one_quote(rich: Player) -> None:
    first, second = offer(rich, "0.1", "BTC", "EUR"), offer(rich, "0.2", "BTC", "EUR")
    exchange.accept(player=rich, quote_id=first.public_id, key="k")

    with pytest.raises(KeyConflict):
        exchange.accept(player=rich, quote_id=second.public_id, key="k")

    assert cash(rich, "BTC") == "0.90000000"


@pytest.mark.django_db
def test_a_quote_of_another_player_does_not_exist(rich: Player, other_player: Player) -> None:
    quote = offer(rich, "0.1", "BTC", "EUR")

    with pytest.raises(NotFound):
        exchange.accept(player=other_player, quote_id=quote.public_id, key="k")
    with pytest.raises(NotFound):
        exchange.receipt(other_player, quote.public_id)

    quote.refresh_from_db()
    assert quote.accepted_at is None


@pytest.mark.rule("PAY-24")
@pytest.mark.django_db
def test_an_expired_quote_is_refused(rich: Player) -> None:
    quote = offer(rich, "0.1", "BTC", "EUR")
    assert quote.expires_at - quote.created_at == timedelta(
        seconds=django_settings.EXCHANGE_QUOTE_SECONDS
    )
    ExchangeQuote.objects.update(expires_at=now())

    with pytest.raises(QuoteExpired):
        exchange.accept(player=rich, quote_id=quote.public_id, key="k")

    assert (cash(rich, "BTC"), cash(rich, "EUR")) == ("1.00000000", "1000.00")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "is_taken"), [("60300", True), ("59500", True), ("59390", False), ("66000", True)]
)
def test_a_rate_that_moves_after_the_quote_binds_us_up_to_our_share(
    rich: Player, value: str, is_taken: bool
) -> None:
    quote = offer(rich, "0.1", "BTC", "EUR")
    set_rates(BTC=value)

    if is_taken:
        done = exchange.accept(player=rich, quote_id=quote.public_id, key="k")
        assert (done.received.text, cash(rich, "EUR")) == ("5940.00", "6940.00")
    else:
        with pytest.raises(RateMoved):
            exchange.accept(player=rich, quote_id=quote.public_id, key="k")
        assert cash(rich, "BTC") == "1.00000000"


@pytest.mark.rule("PAY-25")
@pytest.mark.django_db
def test_nothing_is_quoted_or_accepted_without_a_rate_that_may_settle(rich: Player) -> None:
    quote = offer(rich, "0.1", "BTC", "EUR")
    good = rates.newest(["BTC"])["BTC"]
    Rate.objects.create(
        code="BTC", base="EUR", value=good.value, verdict="held", problem="diverging",
        source="test", as_of=good.as_of, fetched_at=good.fetched_at,
        valid_until=good.valid_until, entry_from=good.entry_from,
    )  # fmt: skip

    with pytest.raises(RateUnavailable):
        exchange.accept(player=rich, quote_id=quote.public_id, key="k")
    with pytest.raises(RateUnavailable):
        offer(rich, "0.1", "BTC", "EUR")

    assert (cash(rich, "BTC"), cash(rich, "EUR")) == ("1.00000000", "1000.00")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount", "code", "to", "error"),
    [
        ("0.1", "BTC", "BTC", InvalidInput),
        ("0", "BTC", "EUR", InvalidInput),
        ("0.00000001", "BTC", "EUR", TooLittle),
        ("0.99", "EUR", "BTC", TooLittle),
        ("1.01", "BTC", "EUR", InsufficientFunds),
    ],
)
def test_what_cannot_be_exchanged_is_not_quoted(
    rich: Player, amount: str, code: str, to: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        offer(rich, amount, code, to)
    assert not ExchangeQuote.objects.exists()


@pytest.mark.django_db
def test_money_that_was_spent_meanwhile_cannot_be_exchanged(rich: Player) -> None:
    first, second = offer(rich, "0.6", "BTC", "EUR"), offer(rich, "0.6", "BTC", "EUR")
    exchange.accept(player=rich, quote_id=first.public_id, key="1")

    with pytest.raises(InsufficientFunds):
        exchange.accept(player=rich, quote_id=second.public_id, key="2")

    assert cash(rich, "BTC") == "0.40000000"


# ---- many at once --------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@seeds(3)
def test_b6_conversions_both_ways_at_once_do_not_deadlock(
    player: Player, fund: Callable[..., Result], settings: Any, seed: int
) -> None:
    """Around three currencies in both directions, with what else locks those wallets."""
    luck = random.Random(seed)
    settings.EXCHANGE_SPREAD_BPS = 0
    settings.EXCHANGE_QUOTE_SECONDS = 60
    set_rates(BTC="60000", USDT="1")
    have = {"BTC": Decimal(1), "EUR": Decimal(100_000), "USDT": Decimal(100_000)}
    for code, amount in have.items():
        fund(player, f"{amount}", code)
    sales = {"BTC": "0.01", "EUR": "600", "USDT": "600"}
    quotes = [
        offer(player, sales[sold], sold, bought)
        for sold, bought in permutations(sales, 2)
        for _ in range(luck.randint(1, 4))
    ]
    calls: list[Callable[[], Any]] = [
        lambda one=one: exchange.accept(player=player, quote_id=one.public_id, key=one.public_id)
        for one in quotes
    ]
    for number in range(luck.randint(1, 4)):
        code = luck.choice(list(have))
        held = money("0.01" if code == "BTC" else "10", code)
        have[code] -= held.major
        calls.append(lambda n=number, m=held: vault.put(player=player, amount=m, key=f"v{n}"))
    luck.shuffle(calls)

    answers = at_once(calls)

    assert all(isinstance(one, ExchangeQuote | Result) for one in answers), answers
    for one in quotes:
        have[one.sold.currency.code] -= one.sold.major
        have[one.bought.currency.code] += one.received.major
    assert {code: selectors.balance(player.pk, currency(code)).cash.major for code in have} == have
    assert [str(finding) for finding in verify()] == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_block_and_conversions_at_once_do_not_deadlock(
    player: Player, fund: Callable[..., Result], settings: Any
) -> None:
    settings.EXCHANGE_QUOTE_SECONDS = 60
    set_rates()
    fund(player, "1", "BTC")
    fund(player, "100000", "EUR")
    quotes = [
        offer(player, *sale)
        for _ in range(5)
        for sale in (("0.01", "BTC", "EUR"), ("600", "EUR", "BTC"))
    ]

    def suspend() -> str:
        set_player_status(player_id=player.pk, status="suspended", actor="system", reason="test")
        return "suspended"

    answers = at_once(
        [
            *(
                lambda one=one: exchange.accept(
                    player=player, quote_id=one.public_id, key=one.public_id
                )
                for one in quotes
            ),
            suspend,
        ]
    )

    assert answers[-1] == "suspended"
    # A suspended player may still turn their own money around and take it out.
    assert all(isinstance(one, ExchangeQuote) for one in answers[:-1]), answers


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@seeds(2)
def test_h2_one_quote_many_times_at_once_is_exchanged_once_and_by_its_owner(
    player: Player, other_player: Player, fund: Callable[..., Result], settings: Any, seed: int
) -> None:
    """With the same key, with others, by somebody else, and while the rate moves."""
    luck = random.Random(seed)
    settings.EXCHANGE_QUOTE_SECONDS = 60
    set_rates()
    fund(player, "1", "BTC")
    fund(other_player, "1", "BTC")
    quote = offer(player, "0.1", "BTC", "EUR")
    moved = luck.choice(["60000", "60300", "59500", "59000", "66000"])

    def accept(who: Player, key: str) -> ExchangeQuote:
        return exchange.accept(player=who, quote_id=quote.public_id, key=key)

    calls: list[tuple[str, Callable[[], Any]]] = [
        *(("mine", lambda: accept(player, "k")) for _ in range(luck.randint(2, 6))),
        *(("mine", lambda n=n: accept(player, f"other{n}")) for n in range(luck.randint(1, 6))),
        *(("theirs", lambda: accept(other_player, "k")) for _ in range(luck.randint(1, 3))),
        ("rate", lambda: set_rates(BTC=moved)),
    ]
    luck.shuffle(calls)
    answers = list(
        zip((kind for kind, _ in calls), at_once([one for _, one in calls]), strict=True)
    )

    mine = [one for kind, one in answers if kind == "mine"]
    assert {one for kind, one in answers if kind == "theirs"} == {"not_found"}
    assert {one for one in mine if isinstance(one, str)} <= {"quote_used", "rate_moved"}
    is_taken = any(isinstance(one, ExchangeQuote) for one in mine)
    # Only a rate that has gone against us by more than our share lets us off.
    assert is_taken or moved == "59000"
    assert len({one.key for one in mine if isinstance(one, ExchangeQuote)}) == is_taken
    assert (cash(player, "BTC"), cash(player, "EUR")) == (
        ("0.90000000", "5940.00") if is_taken else ("1.00000000", "0.00")
    )
    assert cash(other_player, "BTC") == "1.00000000"
    assert Entry.objects.filter(source_id=quote.pk, kind=Kind.EXCHANGE_SOLD).count() == is_taken


@pytest.mark.django_db
def test_blocked_money_cannot_be_exchanged(rich: Player) -> None:
    from apps.ledger import services as ledger
    from apps.ledger.models import Block

    quote = offer(rich, "0.1", "BTC", "EUR")
    ledger.set_blocks(player_id=rich.pk, blocks=Block.WITHDRAW)

    with pytest.raises(WalletBlocked):
        exchange.accept(player=rich, quote_id=quote.public_id, key="k")

    assert cash(rich, "EUR") == "1000.00"
