"""What a statement says is what the journal says."""

import csv
import io
import re
import time
import tracemalloc
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connection

from apps.accounts.models import Player
from apps.audit.models import Alarm, Record
from apps.core.money import Money
from apps.ledger.models import Entry, Kind, Purse
from apps.ledger.selectors import currency
from apps.originals import services as originals
from apps.wallet import movements
from apps.wallet.statements import journal, periods, services
from apps.wallet.statements.csv_file import cell, content
from apps.wallet.statements.errors import BooksDiffer, NotReproduced, TooManyStatements
from apps.wallet.statements.models import Statement
from apps.wallet.statements.pdf_file import ROWS_PER_PAGE
from apps.wallet.statements.periods import Period
from apps.wallet.statements.summary import Summary
from tests.conftest import fund
from tests.games.factories import make_game, make_session
from tests.statements.factories import (
    date_back,
    exchange,
    ledger_sums,
    many_movements,
    midday,
    money,
    move_at_random,
    play,
)

pytestmark = pytest.mark.django_db
THIS_YEAR = Period(date(2020, 1, 1), date(2099, 12, 31))


def rows_of(statement: Statement) -> list[list[str]]:
    return list(csv.reader(io.StringIO(services.csv_of(statement).read().decode())))


def section(rows: list[list[str]], name: str) -> list[list[str]]:
    return [row[1:] for row in rows if row and row[0] == name]


def movements_in(rows: list[list[str]]) -> list[list[str]]:
    start = next(at for at, row in enumerate(rows) if row and row[0] == "Entry")
    end = next(at for at, row in enumerate(rows) if at > start and not row)
    return rows[start + 1 : end]


@pytest.mark.rule("PAY-27")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_totals_equal_the_journal_after_random_movements(
    player: Player, other_player: Player, seed: int
) -> None:
    move_at_random(player, seed, 150)
    move_at_random(other_player, seed + 100, 20)

    statement = services.issue(player=player, period=THIS_YEAR)

    read = services.read(statement)
    closing = {(one.currency.code, one.purse.value): one.closing.major for one in read.purses}
    assert closing == ledger_sums(player)
    assert all(one.opening + one.net == one.closing for one in read.purses)
    by_kind = {(one.currency.code, one.kind): one for one in read.kinds}
    entries = Entry.objects.filter(wallet__player=player).select_related("wallet__currency")
    sums: dict[tuple[str, int], list[int]] = {}
    for entry in entries:
        key = (entry.wallet.currency.code, entry.kind)
        units = Money.from_major(entry.amount, currency(key[0])).units
        came_and_went = sums.setdefault(key, [0, 0, 0])
        came_and_went[0] += 1
        came_and_went[1 if units > 0 else 2] += abs(units)
    assert {
        key: [one.count, one.came.units, one.went.units] for key, one in by_kind.items()
    } == sums
    assert statement.movements == len(entries)
    lines = movements_in(rows_of(statement))
    assert [int(line[0]) for line in lines] == sorted(entry.pk for entry in entries)


@pytest.mark.rule("PAY-27")
def test_periods_that_touch_hand_over_their_balances(player: Player) -> None:
    move_at_random(player, 7, 120)
    ids = list(Entry.objects.order_by("id").values_list("pk", flat=True))
    third = len(ids) // 3
    date_back(midday(2026, 8, 3), entries=ids[:third])
    date_back(midday(2026, 9, 3), entries=ids[third : 2 * third])
    date_back(midday(2026, 10, 3), entries=ids[2 * third :])

    months = [
        services.read(services.issue(player=player, period=periods.named(name)))
        for name in ("2026-08", "2026-09", "2026-10")
    ]

    year = services.issue(player=player, period=periods.named("2026"))
    for before, after in pairwise(months):
        closed = {(one.currency, one.purse): one.closing for one in before.purses}
        opened = {(one.currency, one.purse): one.opening for one in after.purses}
        assert {key: closed.get(key, Money(0, key[0])) for key in opened} == opened
    assert (
        year.movements
        == len(ids)
        == sum(one.movements for one in Statement.objects.exclude(pk=year.pk))
    )
    assert {(o.currency, o.purse): o.closing for o in services.read(year).purses} == {
        (o.currency, o.purse): o.closing for o in months[-1].purses
    }


def test_a_statement_of_one_currency_has_nothing_of_the_others(player: Player) -> None:
    fund(player, "0.5", "BTC")
    fund(player, "3", "ETH")

    statement = services.issue(player=player, period=THIS_YEAR, currency_code="ETH")

    assert [line[2] for line in movements_in(rows_of(statement))] == ["ETH"]
    assert {one.currency.code for one in services.read(statement).purses} == {"ETH"}


def test_a_player_who_never_had_money_gets_an_empty_statement(player: Player) -> None:
    statement = services.issue(player=player, period=THIS_YEAR)

    assert statement.movements == 0
    assert movements_in(rows_of(statement)) == []
    assert services.pdf_of(statement).startswith(b"%PDF-")


def test_wagers_and_wins_stand_by_game_net_of_rollbacks(player: Player) -> None:
    fund(player, "1", "BTC")
    koi = make_session(player, make_game("Tide of Koi"), "BTC", "s-1")
    fox = make_session(player, make_game("=Fox+Night"), "BTC", "s-2")
    play(player, "1", stake="0.010", win="0.025", session_id=koi.pk)
    play(player, "2", stake="0.004", session_id=koi.pk)
    play(player, "3", stake="0.002", session_id=fox.pk)
    movements.play(
        [movements.Rollback("u", "b:2")],
        partner="softswiss",
        wallet_id=koi.wallet_id,
        currency=currency("BTC"),
    )

    statement = services.issue(player=player, period=THIS_YEAR)

    assert section(rows_of(statement), "Game") == [
        ["BTC", "'=Fox+Night", "1", "0.00200000", "0", "0.00000000", "-0.00200000"],
        ["BTC", "Tide of Koi", "2", "0.01000000", "1", "0.02500000", "0.01500000"],
    ]


def test_our_own_games_are_named_by_the_bet(player: Player) -> None:
    fund(player, "100.00", "EUR")
    originals.place(
        player=player,
        game="dice",
        choice={"target": 5050, "over": True},
        stake=money("1.00", "EUR"),
        key="k",
    )

    read = services.read(services.issue(player=player, period=THIS_YEAR))

    assert [(one.title, one.bets) for one in read.games] == [("Dice", 1)]
    assert read.games[0].wagered.text == "1.00"


def test_conversions_show_their_rate_and_their_spread(player: Player) -> None:
    fund(player, "1", "BTC")
    exchange(player, "q1", money("0.1"), money("1.65", "ETH"), money("0.00825", "ETH"))

    statement = services.issue(player=player, period=THIS_YEAR)

    rows = rows_of(statement)
    notes = [line[9] for line in movements_in(rows) if line[4] == "exchange_bought"]
    assert notes == ["for 0.10000000 BTC, 1 BTC = 16.5 ETH"]
    assert section(rows, "Conversion") == [
        [
            *("0.10000000", "BTC", "1.650000000000000000", "ETH"),
            *("0.008250000000000000", "1", "1 BTC = 16.5 ETH"),
        ]
    ]
    assert section(rows, "Fee") == [["ETH", "exchange_spread", "0.008250000000000000"]]


def test_fees_of_withdrawals_are_told_apart(player: Player) -> None:
    fund(player, "1", "BTC")
    movements.withdrawal_reserved(
        player_id=player.pk, amount=money("0.5"), key="w", withdrawal_id=1
    )
    movements.withdrawal_paid(
        partner="coinspaid", player_id=player.pk, amount=money("0.5"), fee=money("0.001"),
        key="w:paid", withdrawal_id=1,
    )  # fmt: skip

    read = services.read(services.issue(player=player, period=THIS_YEAR))

    assert [(one.kind, one.paid) for one in read.fees] == [(Kind.FEE, money("0.001"))]
    reserved = next(one for one in read.purses if one.purse == Purse.RESERVED)
    assert (reserved.came, reserved.went, reserved.closing.units) == (
        *(money("0.5"), money("0.5")),
        0,
    )


def test_nothing_in_a_cell_is_a_formula() -> None:
    texts = ["=1+1", "+1", "-1+2", "@sum", "\tx", "-0.05", "12", "plain", "-", ""]

    assert [cell(one) for one in texts] == [
        *("'=1+1", "'+1", "'-1+2", "'@sum", "'\tx", "-0.05", "12", "plain", "'-", "")
    ]


def test_issuing_is_kept_signed_and_audited_once(player: Player) -> None:
    fund(player, "0.5", "BTC")

    statement = services.issue(player=player, period=periods.named("2026-11"))

    row = Record.objects.get(action="statement.issued")
    assert row.after is not None
    assert row.after["digest"] == statement.digest
    assert row.after["movements"] == 1
    assert row.actor_id == str(player.user.pk)
    assert services.stored_seal(statement).is_ours


def test_a_period_that_was_over_gives_the_same_statement_again(player: Player) -> None:
    first = services.issue(player=player, period=periods.named("2026-01"))
    again = services.issue(player=player, period=periods.named("2026-01"))
    other = services.issue(player=player, period=periods.named("2026-01"), currency_code="BTC")

    assert first == again
    assert other != first
    assert Statement.objects.count() == 2


def test_later_movements_do_not_change_a_statement(player: Player) -> None:
    fund(player, "0.5", "BTC")
    statement = services.issue(player=player, period=THIS_YEAR)
    before = services.csv_of(statement).read()
    fund(player, "0.25", "BTC")

    assert services.csv_of(statement).read() == before


def test_a_renamed_game_does_not_change_a_statement(player: Player) -> None:
    game = make_game("Tide of Koi")
    fund(player, "1", "BTC")
    play(player, "1", session_id=make_session(player, game, "BTC").pk)
    statement = services.issue(player=player, period=THIS_YEAR)
    before = services.csv_of(statement).read()
    game.title = "Tide of Carp"
    game.save()

    assert services.csv_of(statement).read() == before
    assert services.read(statement).games[0].title == "Tide of Koi"


def test_a_journal_that_was_edited_stops_the_statement_and_alarms(player: Player) -> None:
    fund(player, "0.5", "BTC")
    fund(player, "0.5", "BTC")
    statement = services.issue(player=player, period=THIS_YEAR)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE ledger_entry SET round_ref = 'other'")
        cursor.execute("SET session_replication_role = origin")
    with pytest.raises(NotReproduced):
        services.csv_of(statement)
    with pytest.raises(NotReproduced):
        services.pdf_of(statement)
    assert Alarm.objects.get(code="statement.not_reproduced").subject == statement.number

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE ledger_entry SET amount = amount - 0.1 WHERE balance_after = 1")
        cursor.execute("SET session_replication_role = origin")
    with pytest.raises(BooksDiffer):
        services.issue(player=player, period=THIS_YEAR)
    assert Alarm.objects.filter(code="statement.unbalanced").count() == 1
    assert Statement.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE ledger_entry SET amount = amount + 0.1 WHERE balance_after = 1")
        cursor.execute("SET session_replication_role = origin")


def test_there_is_an_end_to_statements_in_a_day(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PER_DAY_MAX", 2)
    services.issue(player=player, period=periods.named("2026-11"))
    services.issue(player=player, period=periods.named("2026-11"))

    with pytest.raises(TooManyStatements):
        services.issue(player=player, period=periods.named("2026-11"))
    assert Statement.objects.count() == 2


# ---- size -----------------------------------------------------------------------------------------
def read_all(statement: Statement) -> int:
    """Take the CSV piece by piece; how long it is."""
    length = 0
    with services.csv_of(statement) as file:
        while piece := file.read(65_536):
            length += len(piece)
    return length


def objects_at_the_peak(statement: Statement) -> int:
    """Bytes that Python objects take at most while the CSV is made."""
    tracemalloc.start()
    read_all(statement)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def grown_while_reading(statement: Statement) -> int:
    """Bytes by which the whole process grows at most meanwhile, as the kernel counts them."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest mark so far
    before = _kernel_bytes("VmRSS")
    read_all(statement)
    return _kernel_bytes("VmHWM") - before


def _kernel_bytes(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


def test_csv_takes_the_same_memory_for_many_times_the_movements(player: Player) -> None:
    """Counted object by object, which is slow: hence not with 50,000."""
    session = make_session(player, make_game("Tide of Koi"), "BTC")
    fund(player, "1", "BTC")
    many_movements(player, 4_000, session.pk)
    few = services.issue(player=player, period=THIS_YEAR)
    read_all(few)  # what is built once and kept is not growth
    many_movements(player, 12_000, session.pk)
    many = services.issue(player=player, period=THIS_YEAR)

    assert (few.movements, many.movements) == (4_001, 16_001)
    # 0.4 and 1.5 MB of text, of which 1 MB may lie in memory; as objects they are ten times that.
    assert objects_at_the_peak(many) < objects_at_the_peak(few) + 1_000_000


@pytest.mark.slow
def test_a_statement_of_50_000_movements_is_quick_small_and_equals_the_journal(
    player: Player,
) -> None:
    fund(player, "1", "BTC")
    session = make_session(player, make_game("Tide of Koi"), "BTC")
    many_movements(player, 49_999, session.pk)

    statement = services.issue(player=player, period=THIS_YEAR)
    grown = grown_while_reading(statement)
    started = time.process_time()
    pdf = services.pdf_of(statement)
    # The processor's time: how long others keep it busy is not ours to promise.
    took = time.process_time() - started

    assert took < 10
    assert grown < 8_000_000
    assert statement.movements == 50_000
    read = services.read(statement)
    sums = ledger_sums(player)
    assert {(o.currency.code, o.purse.value): o.closing.major for o in read.purses} == sums
    [game] = read.games
    assert (game.title, game.bets, game.wins) == ("Tide of Koi", 25_000, 24_999)
    assert game.wagered.text == "0.17500000"
    assert game.won.text == "0.17499300"
    pages = len(re.findall(rb"/Type /Page[^s]", pdf))
    assert pages == 1 + -(-50_000 // ROWS_PER_PAGE)


def test_the_canonical_content_comes_in_pieces(player: Player) -> None:
    fund(player, "1", "BTC")
    many_movements(player, 2_000)
    statement = services.issue(player=player, period=THIS_YEAR)
    parts = services.parts_of(statement)

    with journal.lines(parts) as lines:
        pieces = list(content(statement, lines, Summary(parts), statement.titles))

    assert len(pieces) > 3
    assert max(map(len, pieces)) < 40_000
