"""The numbers of the wall are the journal's numbers."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.db.models import Sum

from apps.core.clock import now
from apps.ledger.models import Entry, Kind
from apps.reports.periods import period
from apps.reports.selectors import ggr_by_hour, revenue
from tests.operator.factories import (
    follow_journal,
    make_deposit,
    make_player,
    make_staff,
    play,
    roll_back,
    signed_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _play() -> None:
    player = make_player()
    make_deposit(player, "0.5")
    play(player, "0.01", "0.004")
    play(player, "0.02", "0.05")
    roll_back(player, play(player, "0.03", "0"))
    make_deposit(player, "2", code="ETH")
    play(player, "0.5", "0.1", code="ETH")
    follow_journal()


def tiles(page: str) -> dict[str, tuple[str, str]]:
    """What each tile shows, and where it leads."""
    found = re.findall(
        r'<a class="ops-tile"[^>]*?href="([^"]+)"[^>]*>.*?name">(\w+), \w+</span>'
        r'.*?class="ops-num"[^>]*>([^<]+)<',
        page,
        re.DOTALL,
    )
    return {name: (text.replace("\N{MINUS SIGN}", "-"), unescape(url)) for url, name, text in found}


def test_the_tiles_show_what_the_journal_holds() -> None:
    page = signed_in(make_staff("finance")).get("/operator/?period=24h&currency=BTC")

    shown = {name: text for name, (text, _) in tiles(page.content.decode()).items()}

    assert shown == {
        "GGR": "-0.02400000",
        "Stakes": "0.03000000",
        "Wins": "0.05400000",
        "Deposits": "0.50000000",
        "Withdrawals": "0.00000000",
    }


@pytest.mark.parametrize(
    ("name", "sign"), [("GGR", -1), ("Stakes", -1), ("Wins", 1), ("Deposits", 1)]
)
def test_a_number_leads_to_the_entries_it_is_made_of(name: str, sign: int) -> None:
    client = signed_in(make_staff("finance"))
    text, url = tiles(client.get("/operator/?currency=BTC").content.decode())[name]

    answer = client.get(url)

    entries = answer.context_data["cl"].queryset.aggregate(total=Sum("amount"))["total"]
    assert entries * sign == Decimal(text)
    assert answer.context_data["entry_sums"]


def test_currencies_are_not_added_up() -> None:
    found = {one.currency.code: one for one in revenue(period("24h", at=now()))}

    assert found["BTC"].ggr.text == "-0.02400000"
    assert found["ETH"].ggr.text == "0.400000000000000000"


def test_the_hours_of_the_chart_add_up_to_the_period() -> None:
    chosen = period("7d", at=now())
    total = next(one for one in revenue(chosen) if one.currency.code == "BTC")

    hours = ggr_by_hour(chosen, total.currency)

    assert len(hours) == 168
    assert sum(hour.ggr.units for hour in hours) == total.ggr.units


def test_the_wall_refreshes_and_streams_bets() -> None:
    client = signed_in(make_staff("finance"))

    wall = client.get("/operator/live/?currency=ETH").content.decode()

    assert "<html" not in wall
    assert "0.40000000" in wall
    assert Entry.objects.filter(kind=Kind.BET).count() == 4


def test_the_wall_says_how_far_it_is_behind() -> None:
    player = make_player()
    make_deposit(player, "0.1")

    wall = signed_in(make_staff("finance")).get("/operator/live/").content.decode()

    assert re.search(r"revenue</td><td[^>]*>1 entries, \d+ s behind", wall)


def test_the_wall_costs_a_bounded_number_of_queries(django_assert_max_num_queries: object) -> None:
    client = signed_in(make_staff("administrator"))

    with django_assert_max_num_queries(40):
        client.get("/operator/live/")
