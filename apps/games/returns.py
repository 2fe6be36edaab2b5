"""What games return, against what they should (GAM-08): counted as rounds close, judged by `bands`.

Rounds of our own games are told apart by the app that owns them: `ROUND_THEORIES` names, for a
partner of the journal, who knows a round's game, version and exact odds.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Sum
from django.db.models.functions import Coalesce
from django.utils.module_loading import import_string

from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.games import caps
from apps.games.bands import SIGMA_UNKNOWN, SIGMAS, WEEKS, Returns, Verdict, judge, share
from apps.games.models import Game, GameVersion, ReturnTally, Round

BATCH_MAX = 5_000
BATCHES_MAX = 20
PLACES = Decimal("0.00000001")
SEVERITIES = {"outside": 0, "watch": 1, "inside": 2, "few": 3, "no_theory": 4}


@dataclass(frozen=True, slots=True)
class Theory:
    """What is known of a round's game. rtp: of one staked, None when nobody says.

    variance: of one round's return; None where it hangs on how it is played, then only what was
    seen counts. is_ceiling: `rtp` is for the best play, so less is no fault.
    """

    key: str
    title: str
    version: int
    rtp: Decimal | None
    variance: Decimal | None
    is_ceiling: bool = False
    game_id: int | None = None


Theories = Callable[[Sequence[str]], Mapping[str, Theory]]


@dataclass(frozen=True, slots=True)
class Closed:
    """A round that has ended, as it is counted."""

    partner: str
    game_id: int | None
    round_ref: str
    currency: str
    stake: Decimal
    win: Decimal
    started_at: datetime
    finished_at: datetime


@dataclass(slots=True)
class Sums:
    title: str
    game_id: int | None
    is_ceiling: bool
    rounds: int = 0
    judged: int = 0
    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    top: Decimal = Decimal(0)

    def add(self, one: Closed, theory: Theory) -> None:
        self.rounds += 1
        self.amounts["stake"] += one.stake
        self.amounts["win"] += one.win
        if theory.rtp is None:
            return
        back = (one.win / one.stake).quantize(PLACES)
        self.judged += 1
        self.amounts["returned"] += back
        self.amounts["expected"] += theory.rtp
        self.amounts["surprise"] += ((back - theory.rtp) ** 2).quantize(PLACES)
        self.amounts["variance"] += theory.variance or Decimal(0)
        self.top = max(self.top, back)


Key = tuple[str, str, int, str, date]
SUMMED = ("stake", "win", "returned", "expected", "surprise", "variance")


def tally() -> int:
    """Count the rounds that have closed since; how many. Each is counted once, in one transaction."""
    counted = 0
    for _ in range(BATCHES_MAX):
        number = _tally_batch()
        counted += number
        if number < BATCH_MAX:
            break
    return counted


def _tally_batch() -> int:
    with transaction.atomic():
        rounds = _take()
        sums: dict[Key, Sums] = {}
        for one, theory in _with_theories(rounds):
            key = (one.partner, theory.key, theory.version, one.currency, one.finished_at.date())
            if key not in sums:
                sums[key] = Sums(theory.title, theory.game_id, theory.is_ceiling)
            sums[key].add(one, theory)
        _write(sums)
    caps.look_at(
        (one.partner, one.game_id, one.round_ref, one.currency, one.stake, one.win)
        for one in rounds
    )
    return len(rounds)


def _take() -> list[Closed]:
    """The next closed rounds, marked as counted; another worker takes others."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE games_round r SET is_tallied = true
              FROM (SELECT id FROM games_round WHERE state = %s AND NOT is_tallied
                     ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED) due,
                   ledger_partner p
             WHERE r.id = due.id AND p.id = r.partner_id
            RETURNING p.code, r.game_id, r.round_ref, r.currency, r.stake, r.win, r.started_at,
                      coalesce(r.finished_at, r.started_at)
            """,
            [Round.State.CLOSED, BATCH_MAX],
        )
        return [Closed(*row) for row in cursor.fetchall()]


def _with_theories(rounds: Sequence[Closed]) -> list[tuple[Closed, Theory]]:
    """Rounds that staked something, with their theory; a round that was undone has none."""
    played = [one for one in rounds if one.stake > 0 and one.win >= 0]
    own: dict[str, Mapping[str, Theory]] = {}
    for partner, path in settings.ROUND_THEORIES.items():
        refs = [one.round_ref for one in played if one.partner == partner]
        if refs:
            told: Theories = import_string(path)
            own[partner] = told(refs)
    of_games = _theories_of_games(
        {one.game_id for one in played if one.game_id and one.partner not in own}
    )
    found = []
    for one in played:
        if one.partner in own:
            theory = own[one.partner].get(one.round_ref)
        else:
            theory = _at(of_games.get(one.game_id or 0, []), one.started_at)
        if theory is not None:
            found.append((one, theory))
    return found


def _theories_of_games(game_ids: set[int]) -> dict[int, list[tuple[datetime | None, Theory]]]:
    """Each game's versions with the moment they ended, the oldest first; the present one has none."""
    found: dict[int, list[tuple[datetime | None, Theory]]] = defaultdict(list)
    games = Game.objects.in_bulk(game_ids)
    for past in GameVersion.objects.filter(game__in=game_ids).order_by("number"):
        game = games[past.game_id]
        theory = _theory(game, past.number, past.rtp, past.volatility)
        found[game.pk].append((past.until, theory))
    for game in games.values():
        found[game.pk].append((None, _theory(game, game.version, game.rtp, game.volatility)))
    return found


def _theory(game: Game, version: int, rtp: Decimal | None, volatility: int | None) -> Theory:
    sigma = SIGMAS.get(volatility or 0, SIGMA_UNKNOWN)
    return Theory(
        key=game.identifier[:100],
        title=game.title,
        version=version,
        rtp=None if rtp is None else rtp / 100,
        variance=sigma * sigma,
        game_id=game.pk,
    )


def _at(versions: list[tuple[datetime | None, Theory]], at: datetime) -> Theory | None:
    """The version a round was begun in."""
    return next((theory for until, theory in versions if until is None or at < until), None)


def _write(sums: Mapping[Key, Sums]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO games_return_tally (source, key, version, currency, day, title, game_id,
                is_ceiling, rounds, judged, stake, win, returned, expected, surprise, variance, top)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (source, key, version, currency, day) DO UPDATE SET
                title = EXCLUDED.title,
                rounds = games_return_tally.rounds + EXCLUDED.rounds,
                judged = games_return_tally.judged + EXCLUDED.judged,
                stake = games_return_tally.stake + EXCLUDED.stake,
                win = games_return_tally.win + EXCLUDED.win,
                returned = games_return_tally.returned + EXCLUDED.returned,
                expected = games_return_tally.expected + EXCLUDED.expected,
                surprise = games_return_tally.surprise + EXCLUDED.surprise,
                variance = games_return_tally.variance + EXCLUDED.variance,
                top = greatest(games_return_tally.top, EXCLUDED.top)
            """,
            [
                (
                    *key, one.title[:120], one.game_id, one.is_ceiling, one.rounds, one.judged,
                    *(one.amounts[name] for name in SUMMED), one.top,
                )
                for key, one in sorted(sums.items(), key=lambda item: item[0])
            ],
        )  # fmt: skip


# ---- judging ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """One game and version: its whole life, and this week."""

    source: str
    key: str
    version: int
    title: str
    game_id: int | None
    rounds: int
    life: Verdict
    week: Verdict

    @property
    def is_alarm(self) -> bool:
        return self.life.is_alarm or self.week.is_alarm

    @property
    def shown(self) -> Verdict:
        """The worse of the two."""
        is_week = SEVERITIES[self.week.place] < SEVERITIES[self.life.place]
        return self.week if is_week else self.life

    @property
    def verdicts(self) -> list[tuple[str, Verdict]]:
        return [("Since this version began", self.life), ("This week", self.week)]

    @property
    def place(self) -> str:
        return min(self.life.place, self.week.place, key=SEVERITIES.__getitem__)


def records() -> list[Record]:
    """Every game and version with rounds, the worst deviation first."""
    whole = _grouped(None)
    monday = now().date() - timedelta(days=now().date().weekday())
    this_week = {_name(row): row for row in _grouped(monday)}
    alpha = share(sum(row["all_judged"] > 0 for row in whole))
    found = []
    for row in whole:
        week = this_week.get(_name(row))
        found.append(
            Record(
                source=row["source"],
                key=row["key"],
                version=row["version"],
                title=row["shown"],
                game_id=row["of_game"],
                rounds=row["all_rounds"],
                life=judge(_returns(row), alpha=alpha),
                week=judge(_returns(week), alpha=alpha / WEEKS) if week else _NOTHING,
            )
        )
    found.sort(key=lambda one: (SEVERITIES[one.place], -_worst(one), -one.rounds))
    return found


def record_of(source: str, key: str, version: int) -> Record | None:
    found = (
        one for one in records() if (one.source, one.key, one.version) == (source, key, version)
    )
    return next(found, None)


def watch() -> int:
    """Raise an alarm for every game that returns what luck does not; how many there are."""
    alarming = [one for one in records() if one.is_alarm]
    for one in alarming:
        seen = one.life if one.life.is_alarm else one.week
        raise_alarm(
            "games.return",
            subject=f"{one.source} {one.key} v{one.version}"[:160],
            message=(
                f"{one.title} returned {percent(seen.actual)} in {seen.rounds} rounds instead of "
                f"{percent(seen.theory)}; luck stays within {percent(seen.limit)}."
            ),
            severity="critical",
        )
    return len(alarming)


def days(source: str, key: str, version: int) -> list[ReturnTally]:
    """One game's rows, the newest day first."""
    found = ReturnTally.objects.filter(source=source, key=key, version=version)
    return list(found.order_by("-day", "currency")[:200])


def percent(value: Decimal | None) -> str:
    return "–" if value is None else f"{value * 100:.2f} %"


_NOTHING = Verdict("few", 0, None)


def _worst(one: Record) -> Decimal:
    return max(abs(one.life.deviation), abs(one.week.deviation))


def _name(row: Mapping[str, Any]) -> tuple[str, str, int]:
    return row["source"], row["key"], row["version"]


def _grouped(since: date | None) -> list[dict[str, Any]]:
    found = (
        ReturnTally.objects.all() if since is None else ReturnTally.objects.filter(day__gte=since)
    )
    rows: Any = (
        found.order_by()
        .values("source", "key", "version", "is_ceiling")
        .annotate(
            shown=Max("title"),
            of_game=Max("game_id"),
            all_rounds=Sum("rounds"),
            all_judged=Sum("judged"),
            **{f"all_{name}": Coalesce(Sum(name), Decimal(0)) for name in SUMMED[2:]},
            all_top=Max("top"),
        )
    )
    return list(rows)


def _returns(row: Mapping[str, Any]) -> Returns:
    return Returns(
        rounds=row["all_judged"],
        returned=row["all_returned"],
        expected=row["all_expected"],
        surprise=row["all_surprise"],
        variance=row["all_variance"],
        top=row["all_top"],
        is_ceiling=row["is_ceiling"],
    )
