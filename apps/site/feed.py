"""What is being played just now: the latest bets, the highest stakes, the largest multipliers.

Read from the rounds that follow the journal, so a bet is here a moment after it is booked. All
three look at a bounded number of the latest rounds, however many there are, and are kept for
seconds: a page that asks every few of them costs next to nothing. Names are masked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db import connection

from apps.games.models import Game, Round
from apps.ledger.selectors import currencies
from apps.rates import selectors as rates
from apps.site import rounds
from apps.site.rounds import Shown

TABS = {
    "all": "All bets",
    "high": "High rollers",
    "top": "Leaderboard",
}
ABOUT = {
    "all": "Every finished bet, newest first.",
    "high": "The highest stakes of the latest 5,000 bets.",
    "top": "The largest multipliers of the latest 5,000 bets.",
}
ROWS = 12
LOOK_BACK = 5_000
GAME_LOOK_BACK = 1_000
# Who hides their name is hidden in what comes after that long.
ROWS_SECONDS = 2
RANKING_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Feed:
    """state: another one when another row is on top; an open page sends it along."""

    tab: str
    rows: list[Shown]
    state: str


def feed(tab: str, game: Game | None = None) -> Feed:
    """tab: a key of `TABS`. game: bets on that game alone."""
    key = f"feed:{tab}:{game.pk if game else '-'}"
    found = cache.get(key)
    if isinstance(found, Feed):
        return found
    ids = _latest(game) if tab == "all" else _ranking(tab, game)
    read = Round.objects.filter(pk__in=ids).select_related("game__studio", "player").in_bulk()
    rows = rounds.shown([read[one] for one in ids if one in read])
    state = sha256(",".join(f"{row.id}:{row.name}" for row in rows).encode()).hexdigest()[:12]
    made = Feed(tab, rows, state)
    cache.set(key, made, ROWS_SECONDS)
    return made


def _latest(game: Game | None) -> list[int]:
    return _ids(f"SELECT id FROM ({_recent(game)}) r LIMIT %s", [*_params(game), ROWS])


def _ranking(tab: str, game: Game | None) -> list[int]:
    key = f"feed:ranking:{tab}:{game.pk if game else '-'}"
    found = cache.get(key)
    if isinstance(found, list):
        return found
    if tab == "high":
        prices = rates.prices([one.code for one in currencies()])
        codes = sorted(prices)
        # What has no price cannot be compared and is left out.
        sql = f"""
            SELECT r.id FROM ({_recent(game)}) r
              JOIN unnest(%s::text[], %s::numeric[]) p(code, price) ON p.code = r.currency
             WHERE r.stake > 0 ORDER BY r.stake * p.price DESC, r.id DESC LIMIT %s
        """
        params = [*_params(game), codes, [prices[code].value for code in codes], ROWS]
    else:
        sql = f"""
            SELECT id FROM ({_recent(game)}) r WHERE stake > 0 AND win > stake
             ORDER BY win / stake DESC, id DESC LIMIT %s
        """
        params = [*_params(game), ROWS]
    ids = _ids(sql, params)
    cache.set(key, ids, RANKING_SECONDS)
    return ids


def _recent(game: Game | None) -> str:
    """Finished rounds, newest first: a stretch of an index, never the whole table."""
    columns = "SELECT id, stake, win, currency, started_at, state FROM games_round"
    if game is None:
        stretch = f"{columns} ORDER BY id DESC LIMIT {LOOK_BACK}"
    else:
        stretch = f"{columns} WHERE game_id = %s ORDER BY started_at DESC LIMIT {GAME_LOOK_BACK}"
    return f"SELECT * FROM ({stretch}) s WHERE state = 'closed' AND (stake > 0 OR win > 0)"


def _params(game: Game | None) -> list[int]:
    return [game.pk] if game else []


def _ids(sql: str, params: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]
