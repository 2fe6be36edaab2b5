"""Crash: a round for everybody, whose whole state is in PostgreSQL.

One runner calls `advance` again and again (crash_runner.py); it may die anywhere, and whoever goes on
finds the round by its link, which is sealed in its row, and by the instant it began. What a bet is paid
follows from those two and from when it left, so it does not matter who settles it, or how late.

    betting → running → bust → over
          └→ void

Instants are the database's: its clock is the only one that all processes share.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core import crash_points, secrets
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.originals import runs, stakes
from apps.originals.errors import (
    BettingClosed,
    InvalidChoice,
    NotFlying,
    OriginalClosed,
    RoundFull,
    RoundOver,
)
from apps.originals.fairness import crash as curve
from apps.originals.fairness import tables
from apps.originals.fairness.draws import new_server_seed
from apps.originals.models import AutoRun, Bet, CrashChain, CrashRound, Original
from apps.rates import selectors as rates
from apps.wallet import movements
from apps.wallet.errors import PlayRefused
from apps.wallet.movements import Gate
from apps.wallet.services import open_wallet

GAME = "crash"
State = CrashRound.State
CHAIN_LENGTH = 1_000_000
MILESTONE = 1_000
# A request that reached us before the bust may still be on its way through a busy server.
GRACE = timedelta(milliseconds=300)
# Nobody waits longer than this for a round to begin: the stakes go back.
STALE = timedelta(seconds=60)
TICK_SECONDS = 0.25
# Where everybody is cashed out when little is at stake; below the least of these no round begins.
CEILING_MAX, CEILING_MIN = 100_000_000, 1_000
HEX = frozenset("0123456789abcdef")


# ---- chains ---------------------------------------------------------------------------------------


def make_chain(*, salt_origin: str, length: int = CHAIN_LENGTH, by: Any = "system") -> CrashChain:
    """Draw a last link, publish what it walks back to, and say where the salt will come from."""
    if not salt_origin.strip():
        raise InvalidInput(fields={"salt_origin": "Name what the salt will be taken from."})
    last = new_server_seed()
    chain = CrashChain(
        length=length,
        first_link=curve.walk_back(last, length),
        salt_origin=salt_origin.strip(),
        created_at=clock(),
    )
    chain.sealed = secrets.seal(last, place=chain.place)
    with transaction.atomic():
        chain.save()
        audit.record(
            "originals.crash_chain_published",
            actor=by,
            subject=chain,
            after={"first_link": chain.first_link, "salt_origin": chain.salt_origin},
        )
    return chain


@transaction.atomic
def fix_salt(*, chain: str, salt: str, by: Any, origin: str = "") -> CrashChain:
    """Give a chain its salt, once. origin: says more exactly where it came from."""
    found = CrashChain.objects.select_for_update().filter(public_id=chain).first()
    if found is None:
        raise InvalidInput(fields={"chain": "There is no such chain."})
    if found.salt:
        raise InvalidInput(fields={"chain": "It has its salt."})
    if not (len(salt) == 64 and set(salt) <= HEX):
        raise InvalidInput(fields={"salt": "A salt is 64 lower-case hexadecimal digits."})
    found.salt, found.salted_at = salt, clock()
    found.salt_origin = origin.strip() or found.salt_origin
    found.save(update_fields=["salt", "salted_at", "salt_origin"])
    audit.record(
        "originals.crash_salt_fixed",
        actor=by,
        subject=found,
        after={"salt": salt, "salt_origin": found.salt_origin},
    )
    return found


def link_of(chain: CrashChain, number: int) -> str:
    """The link of a round. Secret until the round is over."""
    last, milestones = _milestones(chain.pk, bytes(chain.sealed), chain.place, chain.length)
    above = -(-number // MILESTONE) * MILESTONE
    if above >= chain.length:
        return curve.walk_back(last, chain.length - number)
    return curve.walk_back(milestones[above // MILESTONE], above - number)


@lru_cache(maxsize=2)
def _milestones(_pk: int, sealed: bytes, place: str, length: int) -> tuple[str, list[str]]:
    """The last link, and every thousandth: walking back a million of them takes most of a second."""
    last = link = secrets.unseal(sealed, place=place)
    found = [""] * (length // MILESTONE + 1)
    for number in range(length, -1, -1):
        if number % MILESTONE == 0:
            found[number // MILESTONE] = link
        link = curve.earlier(link)
    return last, found


# ---- the round, step by step ----------------------------------------------------------------------


def advance() -> float:
    """Do what is due, if anything is; after how many seconds to look again."""
    round_ = live_round()
    if round_ is None:
        return _open()
    step: dict[str, Callable[[CrashRound], float]] = {
        State.BETTING: _start, State.RUNNING: _fly, State.BUST: _settle,
    }  # fmt: skip
    return step[round_.state](round_)


def live_round() -> CrashRound | None:
    """The round that is not over."""
    found = CrashRound.objects.filter(state__in=CrashRound.LIVE)
    return found.select_related("chain").order_by("-id").first()


def _open() -> float:
    last = CrashRound.objects.order_by("-id").first()
    if last is not None and last.over_at is not None:
        due = last.over_at + timedelta(seconds=settings.CRASH_GAME_PAUSE_SECONDS)
        if (left := (due - clock()).total_seconds()) > 0:
            return left
    if not Original.objects.filter(code=GAME, enabled=True).exists():
        return 1.0
    with transaction.atomic():
        chain = _usable_chain()
        if chain is None:
            return 5.0
        number = chain.used + 1
        link, at = link_of(chain, number), clock()
        round_ = CrashRound(
            chain=chain,
            number=number,
            commitment=curve.earlier(link),
            created_at=at,
            betting_until=at + timedelta(seconds=settings.CRASH_GAME_BETTING_SECONDS),
        )
        round_.sealed = secrets.seal(link, place=round_.place)
        round_.save()
        chain.used = number
        chain.save(update_fields=["used"])
    return 0.0


def _usable_chain() -> CrashChain | None:
    """The chain to draw the next link from, locked."""
    left = CrashChain.objects.exclude(used__gte=F("length")).exclude(salt="").order_by("pk")
    if chain := left.select_for_update().first():
        return chain
    if settings.CRASH_GAME_OWN_SALT:
        made = make_chain(
            salt_origin="Drawn by us after the chain was published: this is no real game."
        )
        return fix_salt(chain=made.public_id, salt=new_server_seed(), by="system")
    raise_alarm(
        "originals.crash_no_chain",
        subject=GAME,
        message="Crash has no chain with a salt left. See docs/operations.md.",
        severity="critical",
    )
    return None


def _start(round_: CrashRound) -> float:
    """No more bets; the multiplier rises from here on."""
    if (left := (round_.betting_until - clock()).total_seconds()) > 0:
        return min(left, TICK_SECONDS)
    with transaction.atomic():
        round_ = _locked(round_)
        if round_.state != State.BETTING:
            return 0.0
        at = clock()
        if at > round_.betting_until + STALE and round_.bets.exists():
            _give_back(round_, at)
            return 0.0
        round_.state, round_.started_at = State.RUNNING, at
        round_.ceiling = _ceiling(round_)
        round_.save(update_fields=["state", "started_at", "ceiling"])
    return 0.0


def _fly(round_: CrashRound) -> float:
    """Cash out whoever wanted to leave by now; end the round at its point."""
    point, elapsed = _point(round_), _ms(round_, clock())
    reached = min(curve.multiplier(elapsed), point)
    for bet in _leaving(round_, reached):
        _settle_one(bet, point)
    end = curve.ends_after(point)
    if elapsed < end:
        left = [end - elapsed, TICK_SECONDS * 1000]
        following = _in_flight(round_).filter(leaves_at__gt=reached).order_by("leaves_at").first()
        if following is not None and following.leaves_at is not None:
            left.append(curve.reached_after(following.leaves_at) - elapsed)
        return max(0.0, min(left) / 1000)
    with transaction.atomic():
        round_ = _locked(round_)
        if round_.state == State.RUNNING:
            round_.state, round_.bust_at = State.BUST, _instant(round_, end)
            round_.link, round_.point = _link(round_), point
            round_.save(update_fields=["state", "bust_at", "link", "point"])
    return 0.0


def _settle(round_: CrashRound) -> float:
    """After the grace: pay who left by themselves, close the rest, end the round."""
    if round_.bust_at is None or round_.point is None:
        raise TypeError("A round that is bust says when and where.")
    if (left := (round_.bust_at + GRACE - clock()).total_seconds()) > 0:
        return left
    for bet in _in_flight(round_).values_list("pk", flat=True):
        _settle_one(bet, round_.point)
    with transaction.atomic():
        round_ = _locked(round_)
        if round_.state == State.BUST and not _in_flight(round_).exists():
            round_.state, round_.over_at = State.OVER, clock()
            round_.save(update_fields=["state", "over_at"])
    return 0.0


def _settle_one(bet_pk: int, point: int) -> None:
    """Pay or close one bet by its own limits. Does nothing to a bet that has left."""
    with transaction.atomic():
        bet = (
            Bet.objects.select_for_update(of=("self",))
            .select_related("round__chain")
            .get(pk=bet_pk)
        )
        if bet.state == Bet.State.OPEN:
            limit, kind = _limit(bet)
            _close(bet, kind, limit if limit <= point else 0)
    crash_points.reach("crash.settled")


def _give_back(round_: CrashRound, at: datetime) -> None:
    """The round waited too long for its runner: nobody may be made to fly unwatched."""
    for bet in _in_flight(round_).select_for_update():
        run = runs.lock(bet)
        movements.play(
            [movements.Rollback(key=f"{bet.public_id}:0:back", target=f"{bet.public_id}:0", closes_round=True)],
            partner=stakes.PARTNER, wallet_id=bet.wallet_id, currency=bet.base_money.currency,
        )  # fmt: skip
        bet.state, bet.closed_at = Bet.State.REFUNDED, at
        bet.save()
        if run is not None:
            runs.count(run, bet)
    round_.state, round_.over_at = State.VOID, at
    round_.link, round_.point = _link(round_), _point(round_)
    round_.save(update_fields=["state", "over_at", "link", "point"])
    audit.record(
        "originals.crash_round_void",
        actor="system",
        subject=round_,
        reason="No runner started it in time; the stakes were given back.",
    )


def _locked(round_: CrashRound) -> CrashRound:
    found = CrashRound.objects.select_for_update(of=("self",)).select_related("chain")
    return found.get(pk=round_.pk)


# ---- bets -----------------------------------------------------------------------------------------


def join(
    *,
    player: Player,
    choice: dict[str, Any],
    stake: Money,
    key: str,
    win_max: Money,
    run: AutoRun | None,
    is_hidden: bool,
) -> Bet:
    """Bet on the round that takes bets. Called by services.place, which has checked the rest.

    Raises BettingClosed, RoundFull, OriginalClosed, InsufficientFunds, WalletBlocked.
    """
    round_ = _taking_bets()
    _check_room(round_, stake)
    auto = choice["auto"] or CEILING_MAX
    if choice["auto"] and not curve.LEAVE_MIN <= choice["auto"] <= CEILING_MAX:
        raise InvalidChoice("Cash out between 1.01 and 1,000,000, or 0 for by hand.")
    bet = Bet(
        player=player,
        game_id=GAME,
        wallet_id=open_wallet(player_id=player.pk, currency_code=stake.currency.code).pk,
        currency=stake.currency.code,
        key=key,
        round=round_,
        run=run,
        is_hidden=is_hidden,
        nonce=round_.number,
        table_version=tables.VERSION,
        choice=choice,
        leaves_at=min(auto, max(curve.LEAVE_MIN, win_max.units * 100 // stake.units)),
        state=Bet.State.OPEN,
        base_stake=stake.major,
        stake=stake.major,
        win_max=win_max.major,
        detail={"left_at": 0},
        created_at=clock(),
    )
    try:
        movements.play(
            [
                movements.Bet(
                    key=f"{bet.public_id}:0", amount=stake, round_ref=bet.public_id, session_id=None
                )
            ],
            partner=stakes.PARTNER,
            wallet_id=bet.wallet_id,
            currency=stake.currency,
            gate=Gate(stakes.GATE_SQL, (GAME,)),
        )
    except PlayRefused:
        raise OriginalClosed from None
    bet.save()
    return bet


def cash_out(bet: Bet, *, arrived: float) -> Bet:
    """Leave at the multiplier of the instant the request reached us. bet: locked, with its round.

    arrived: the monotonic clock at that instant. Asked again it gives the same bet.
    Raises NotFlying, RoundOver.
    """
    if bet.state != Bet.State.OPEN:
        if bet.multiplier:
            return bet
        raise RoundOver
    round_ = bet.round
    if round_ is None or round_.started_at is None:
        raise NotFlying
    elapsed = _ms(round_, _database_instant(arrived))
    limit, kind = _limit(bet)
    at = curve.multiplier(elapsed)
    if at >= limit:
        at = limit
    else:
        kind = "cash_out"
    if at < curve.LEAVE_MIN:
        raise NotFlying("The round has only begun: 1.01\N{MULTIPLICATION SIGN} is the least.")
    if at > _point(round_):
        # It is over by the clock, whoever says so first.
        raise RoundOver("Too late: the round was over when this reached us.")
    _close(bet, kind, at)
    return bet


def _taking_bets() -> CrashRound:
    """The round, kept from starting until this transaction ends. Raises BettingClosed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM originals_crash_round WHERE state = 'betting'"
            " AND betting_until > clock_timestamp() ORDER BY id DESC LIMIT 1 FOR SHARE"
        )
        found = cursor.fetchone()
    if found is None:
        raise BettingClosed
    return CrashRound.objects.select_related("chain").get(pk=found[0])


def _check_room(round_: CrashRound, stake: Money) -> None:
    """Keep the ceiling worth flying to. Raises RoundFull."""
    ours = rates.convert(stake, settings.BASE_CURRENCY, use="display")
    room = stakes.base_money(Decimal(settings.CRASH_GAME_WIN_MAX)).units * 100 // CEILING_MIN
    if ours is None or _at_stake(round_) + ours.money.units > room:
        raise RoundFull


def _ceiling(round_: CrashRound) -> int:
    """Where paying everybody who is in would come to the most that a round pays."""
    at_stake = _at_stake(round_)
    if not at_stake:
        return CEILING_MAX
    most = stakes.base_money(Decimal(settings.CRASH_GAME_WIN_MAX)).units * 100 // at_stake
    return max(curve.LEAVE_MIN, min(CEILING_MAX, most))


def _at_stake(round_: CrashRound) -> int:
    """All stakes of a round, in smallest units of the base currency."""
    total = 0
    for code, amount in round_.bets.values_list("currency").annotate(Sum("stake")).order_by():
        money = Money.from_major(amount, currency(code))
        ours = rates.convert(money, settings.BASE_CURRENCY, use="display")
        total += ours.money.units if ours is not None else 0
    return total


def _limit(bet: Bet) -> tuple[int, str]:
    """Where a bet leaves by itself, and by what."""
    its, ceiling = bet.leaves_at or 0, (bet.round.ceiling if bet.round else None) or CEILING_MAX
    if bet.choice["auto"] and bet.choice["auto"] == min(its, ceiling):
        return bet.choice["auto"], "auto"
    return min(its, ceiling), "ceiling"


def _close(bet: Bet, kind: str, left_at: int) -> None:
    """End a bet: pay it for leaving there, or nothing for 0."""
    run = runs.lock(bet)
    won = Money(
        min(bet.base_money.units * left_at // 100, bet.win_max_money.units), bet.base_money.currency
    )
    movements.play(
        [
            movements.Win(
                key=f"{bet.public_id}:win",
                amount=won,
                round_ref=bet.public_id,
                session_id=None,
                closes_round=True,
            )
        ],
        partner=stakes.PARTNER,
        wallet_id=bet.wallet_id,
        currency=won.currency,
    )
    bet.actions = [f"{kind}:{left_at}"] if left_at else []
    bet.detail = {"left_at": left_at}
    bet.multiplier = left_at * 100
    bet.state, bet.closed_at, bet.payout = Bet.State.CLOSED, clock(), won.major
    bet.save()
    if run is not None:
        runs.count(run, bet)


def _in_flight(round_: CrashRound) -> QuerySet[Bet]:
    return Bet.objects.filter(round=round_, state=Bet.State.OPEN)


def _leaving(round_: CrashRound, reached: int) -> list[int]:
    """Bets whose limit has been reached, the lowest first."""
    found = _in_flight(round_)
    if round_.ceiling is None or round_.ceiling > reached:
        found = found.filter(leaves_at__lte=reached)
    return list(found.order_by("leaves_at", "pk").values_list("pk", flat=True))


# ---- instants and secrets -------------------------------------------------------------------------


def clock() -> datetime:
    """The database's clock, now and not when the transaction began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def _database_instant(arrived: float) -> datetime:
    """What the database's clock showed at an instant of our own."""
    ago = time.monotonic() - arrived
    return clock() - timedelta(seconds=ago)


def _ms(round_: CrashRound, at: datetime) -> int:
    if round_.started_at is None:
        raise NotFlying
    return (at - round_.started_at) // timedelta(milliseconds=1)


def _instant(round_: CrashRound, ms: int) -> datetime:
    if round_.started_at is None:
        raise NotFlying
    return round_.started_at + timedelta(milliseconds=ms)


def _link(round_: CrashRound) -> str:
    return round_.link or secrets.unseal(round_.sealed, place=round_.place)


def _point(round_: CrashRound) -> int:
    return curve.point(_link(round_), round_.chain.salt)
