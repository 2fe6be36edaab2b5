"""The money side of a game partner's call: whose wallet, which session, may they, move it.

The hot path. A common call costs one round trip: what cannot change is remembered in the process,
what can change (session, game, country) is a gate inside the money statement.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from apps.audit.alarms import raise_alarm
from apps.core import crash_points
from apps.core.clock import now
from apps.core.money import Currency, Money
from apps.games.errors import UnknownPlayer
from apps.games.models import Round
from apps.ledger.instructions import Status
from apps.ledger.models import Purse
from apps.ledger.selectors import currency, partner_id
from apps.wallet import movements
from apps.wallet.errors import KeyConflict, NoWallet
from apps.wallet.movements import Bet, Gate, Result, Rollback, Win

REMEMBERED_MAX = 100_000
Operation = Bet | Win | Rollback

GATE_SQL = """
SELECT CASE WHEN s.id IS NULL OR s.ended_at IS NOT NULL THEN 'session'
            WHEN NOT g.enabled OR EXISTS (
                SELECT FROM games_stop t
                 WHERE t.ended_at IS NULL
                   AND (t.scope = 'all'
                        OR t.scope = 'provider' AND t.provider = g.provider
                        OR t.scope = 'studio' AND t.studio_id = g.studio_id
                        OR t.scope = 'version' AND t.game_id = g.id AND t.version = g.version)
            ) THEN 'game'
            WHEN p.country = ANY (g.blocked_countries) THEN 'country' END
  FROM (SELECT %s::bigint AS id) asked
  LEFT JOIN games_session s ON s.id = asked.id
  LEFT JOIN games_game g ON g.id = %s::bigint
  LEFT JOIN accounts_player p ON p.user_id = s.player_id
"""
CLOSED = Gate("'session'::text")


@dataclass(frozen=True, slots=True)
class PlayWallet:
    """A wallet as partners know it. Nothing here ever changes, so it may be remembered."""

    wallet_id: int
    player_id: int
    currency: Currency


@dataclass(frozen=True, slots=True)
class PlaySession:
    """The unchanging part of a session; whether it is open is asked with the bet."""

    session_id: int
    wallet_id: int
    game_id: int
    game: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the operations, in their order, and what the wallet holds now."""

    results: list[Result]
    balance: Money


def wallet_ref(public_id: str, currency_code: str) -> str:
    """What partners call a player: one name per wallet, since they fix a player's currency."""
    return f"{public_id}.{currency_code}"


@lru_cache(maxsize=REMEMBERED_MAX)
def wallet_of(ref: str) -> PlayWallet:
    """The wallet behind a reference we handed out. Raises UnknownPlayer."""
    public_id, _, code = ref.rpartition(".")
    row = _row(
        """
        SELECT w.id, w.player_id FROM ledger_wallet w
          JOIN accounts_player p ON p.user_id = w.player_id
          JOIN ledger_currency c ON c.id = w.currency_id
         WHERE p.public_id = %s AND c.code = %s AND w.purse = %s
        """,
        [public_id, code, Purse.CASH],
    )
    if row is None:
        raise UnknownPlayer
    return PlayWallet(wallet_id=row[0], player_id=row[1], currency=currency(code))


def session_of(
    partner: str, wallet: PlayWallet, outside_ref: str, game: str, *, is_strict: bool = False
) -> PlaySession | None:
    """The session a call belongs to: by its reference, else the wallet's latest in that game.

    A reference of somebody else's session counts as none; is_strict: an unknown one does too.
    """
    if outside_ref:
        try:
            found = _session_by_ref(partner, outside_ref)
        except LookupError:
            if is_strict:
                return None
        else:
            return found if found.wallet_id == wallet.wallet_id else None
    return _latest_session(partner, wallet.wallet_id, game)


def settle(
    *,
    partner: str,
    wallet: PlayWallet,
    session: PlaySession | None,
    game: str,
    round_ref: str,
    operations: Sequence[Operation],
    closes_round: bool,
) -> Outcome:
    """Apply a call's operations in order, all or nothing; the last one carries the round's end.

    Raises InsufficientFunds, WalletBlocked, PlayRefused, LimitReached, KeyConflict, NoWallet: nothing
    moved.
    """
    try:
        results = movements.play(
            operations,
            partner=partner,
            wallet_id=wallet.wallet_id,
            currency=wallet.currency,
            gate=_gate(partner, session, game),
        )
    except KeyConflict:
        alarm_conflict(partner, operations[0].key)
        raise
    crash_points.reach("play.moved")
    if closes_round and results[-1].status != Status.APPLIED:
        # Nothing new was written that could carry the end of the round.
        finish_round(partner=partner, wallet=wallet, round_ref=round_ref)
    return Outcome(results, results[-1].balance)


def pay_promo(*, partner: str, wallet: PlayWallet, key: str, amount: Money) -> Result:
    """Credit a prize that the partner announces, once. Raises KeyConflict, NoWallet."""
    key = f"promo:{key}"
    try:
        return movements.promo_won(
            partner=partner, wallet_id=wallet.wallet_id, amount=amount, key=key
        )
    except KeyConflict:
        alarm_conflict(partner, key)
        raise


def alarm_conflict(partner: str, key: str) -> None:
    """An id that comes again with other content is a fault at the partner, or worse."""
    raise_alarm(
        "games.key_conflict",
        subject=f"{partner} {key}",
        message=f"{partner} sent an id again with other content; nothing was moved.",
    )


def finish_round(*, partner: str, wallet: PlayWallet, round_ref: str) -> None:
    """Note that a round is over in a call that moves no money; saying it again changes nothing."""
    key = (partner_id(partner), wallet.wallet_id, round_ref)
    at = now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH noted AS (
                INSERT INTO games_round_finish (partner_id, wallet_id, round_ref, finished_at)
                VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
            )
            UPDATE games_round SET state = %s, finished_at = %s
             WHERE partner_id = %s AND wallet_id = %s AND round_ref = %s AND state = %s
            """,
            [*key, at, Round.State.CLOSED, at, *key, Round.State.OPEN],
        )


def refusal(*, partner: str, session: PlaySession | None, game: str) -> str:
    """The gate's word about a bet in this session now, empty when it would pass.

    For questions only: a bet asks the gate in its own statement.
    """
    gate = _gate(partner, session, game)
    row = _row(f"SELECT ({gate.sql})", gate.params)
    return str(row[0] or "") if row else ""


def balance(wallet: PlayWallet) -> Money:
    """What the wallet holds; below zero while a debt is owed. Raises NoWallet."""
    row = _row("SELECT balance FROM ledger_wallet WHERE id = %s", [wallet.wallet_id])
    if row is None:
        raise NoWallet
    return Money.from_major(row[0], wallet.currency)


def receipt(result: Result, partner: str, key: str) -> str:
    """Our id of an operation, the same whenever it is asked for.

    What moved no money has no entry; its id follows from the partner's.
    """
    if result.entry_id is not None:
        return str(result.entry_id)
    return "n" + hashlib.sha256(f"{partner}:{key}".encode()).hexdigest()[:20]


def forget() -> None:
    """Drop what this process remembers (tests start from an empty database)."""
    wallet_of.cache_clear()
    _session_by_ref.cache_clear()
    game_id_of.cache_clear()


@lru_cache(maxsize=REMEMBERED_MAX)
def _session_by_ref(partner: str, outside_ref: str) -> PlaySession:
    row = _row(
        """
        SELECT s.id, s.wallet_id, s.game_id, g.identifier FROM games_session s
          JOIN games_game g ON g.id = s.game_id
         WHERE s.outside_ref = %s AND g.provider = %s ORDER BY s.id DESC LIMIT 1
        """,
        [outside_ref, partner],
    )
    if row is None:
        raise LookupError(outside_ref)  # not remembered: it may be opened in a moment
    return PlaySession(*row)


def _latest_session(partner: str, wallet_id: int, game: str) -> PlaySession | None:
    """For calls that do not repeat our reference. The same studio's session covers a table switch."""
    row = _row(
        """
        SELECT s.id, s.wallet_id, s.game_id, g.identifier FROM games_session s
          JOIN games_game g ON g.id = s.game_id
         WHERE s.wallet_id = %s AND g.provider = %s
           AND split_part(g.identifier, ':', 1) = split_part(%s, ':', 1)
         ORDER BY g.identifier = %s DESC, s.ended_at IS NULL DESC, s.id DESC LIMIT 1
        """,
        [wallet_id, partner, game, game],
    )
    return PlaySession(*row) if row else None


@lru_cache(maxsize=REMEMBERED_MAX)
def game_id_of(partner: str, game: str) -> int:
    """Raises LookupError."""
    row = _row("SELECT id FROM games_game WHERE provider = %s AND identifier = %s", [partner, game])
    if row is None:
        raise LookupError(game)
    return int(row[0])


def _gate(partner: str, session: PlaySession | None, game: str) -> Gate:
    if session is None:
        return CLOSED
    game_id = session.game_id
    if game and game != session.game:
        try:
            game_id = game_id_of(partner, game)
        except LookupError:
            # A table with a name of its own within the game that was launched.
            game_id = session.game_id
    return Gate(GATE_SQL, (session.session_id, game_id))


def _row(sql: str, params: Sequence[str | int]) -> tuple | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: tuple | None = cursor.fetchone()
        return found
