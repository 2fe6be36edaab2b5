"""What Alea calls: the session when a game opens, the balance, and every transaction.

Digest over the bytes that came, strict decoding, one service call, an answer. Checks in the vendor's
order: digest, shape, replay, tombstone, player and currency, then for bets session, game, block,
limits, funds; all behind the shape happens in the statement that moves the money.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import psycopg
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.games import free_spins, play, selectors
from apps.games.errors import UnknownIssue, UnknownPlayer, WrongCurrency
from apps.games.play import Operation, PlaySession, PlayWallet
from apps.games.providers.alea import history, signing, wire
from apps.integrations.callbacks import CallbackRequest, CallbackResponse
from apps.integrations.recorder import UNSIGNED_BYTES_MAX, Copy, recorder
from apps.ledger.instructions import Status
from apps.wallet import movements
from apps.wallet.errors import KeyConflict
from apps.wallet.movements import Result

log = structlog.get_logger()

PARTNER = "alea"
SESSION_PATH = re.compile(r"sessions/([^/\x00]{1,255})/?")
BALANCE_PATH = re.compile(r"players/([^/\x00]{1,255})/balance/?")
TRANSACTIONS_PATH = "transactions"
BALANCE_QUERY = ("casinoSessionId", "currency", "gameId", "integratorId", "softwareId")
Answer = dict[str, Any]


@dataclass
class Heard:
    """What is known of a call while it is being answered: for the copy that is kept."""

    reference: str = ""
    signed: bool = True


def handle(request: CallbackRequest) -> CallbackResponse:
    """Answer one call and keep a copy of both."""
    received_at = now()
    heard, error = Heard(), ""
    try:
        answer = _answer(request, heard)
        status, body = 200, msgspec.json.encode(answer)
    except DomainError as refused:
        error = f"{refused.code}: {refused.message}"
        status, body = wire.refusal(refused)
    except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError):
        # The database is away or too busy. The caller repeats with the same ids.
        log.exception("alea.unavailable", path=request.path)
        error = "database unavailable"
        _drop_connection()
        status, body = wire.refusal(wire.Unavailable())
    except Exception as failure:
        log.exception("alea.failed", path=request.path)
        error = f"{type(failure).__name__}: {failure}"
        status, body = wire.refusal(wire.Failed())
    raw = request.body or request.query.encode()
    recorder().keep(
        Copy(
            partner=PARTNER,
            kind=request.path,
            outside_ref=heard.reference,
            headers=request.headers,
            remote_addr=request.remote_addr,
            body=raw if heard.signed else raw[:UNSIGNED_BYTES_MAX],
            answer_status=status,
            answer=body,
            error=error,
            received_at=received_at,
        )
    )
    return CallbackResponse(status, body)


def _answer(request: CallbackRequest, heard: Heard) -> Answer:
    path = request.path
    if request.method == "POST" and path.rstrip("/") == TRANSACTIONS_PATH:
        _verify(request, signing.body_texts(request.body), heard)
        message = wire.decode(request.body)
        heard.reference = str(message.id)
        return _transaction(message)
    if request.method == "GET" and (found := SESSION_PATH.fullmatch(path)):
        _verify(request, [signing.session_text(found[1])], heard)
        heard.reference = found[1]
        return session_facts(found[1])
    if request.method == "GET" and (found := BALANCE_PATH.fullmatch(path)):
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        _verify(request, [signing.balance_text(query)], heard)
        heard.reference = query.get("casinoSessionId", "")
        return balance(found[1], query)
    # Whoever knows no secret is not told which addresses there are.
    _verify(request, signing.body_texts(request.body), heard)
    raise wire.UnknownPath


def _verify(request: CallbackRequest, forms: Sequence[bytes], heard: Heard) -> None:
    allowed = settings.ALEA_IP_ALLOWLIST
    given = request.headers.get(signing.HEADER.lower(), "")
    if (allowed and request.remote_addr not in allowed) or not signing.is_valid(given, forms):
        heard.signed = False
        raise wire.BadSignature


# ---- questions ------------------------------------------------------------------------------------


def session_facts(session_ref: str) -> Answer:
    """Who plays, as the vendor wants to know when a game opens."""
    session = selectors.session_by_ref(PARTNER, session_ref)
    if session is None or session.ended_at is not None:
        raise wire.UnknownSession
    wallet = play.wallet_of(play.wallet_ref(session.player.public_id, session.currency))
    answer: Answer = {
        "country": session.player.country,
        "currency": wire.wire_code(wallet.currency),
        "casinoPlayerId": play.wallet_ref(session.player.public_id, session.currency),
    }
    if settings.ALEA_TEST_PLAYERS:
        answer["isTest"] = True
    return answer


def balance(player_ref: str, query: Mapping[str, str]) -> Answer:
    """The digest does not cover the player, so the session has to be this player's."""
    if missing := [name for name in BALANCE_QUERY if not query.get(name)]:
        raise wire.Malformed(f"{', '.join(missing)} is missing.")
    if any("\x00" in value for value in query.values()):
        raise wire.Malformed
    wallet = play.wallet_of(player_ref)
    if query["currency"] != wire.wire_code(wallet.currency):
        raise WrongCurrency
    game = game_name(query["softwareId"], query["gameId"])
    session = _session(wallet, query["casinoSessionId"], game)
    if session is None:
        raise wire.SessionOver
    if not _is_ours(game):
        raise wire.GameRefused
    word = play.refusal(partner=PARTNER, session=session, game=game)
    if word:
        raise wire.SessionOver if word == "session" else wire.GameRefused
    return wire.balances(play.balance(wallet))


# ---- transactions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction of a round. game: as our catalogue names it."""

    wallet: PlayWallet
    session: PlaySession | None
    game: str
    round_ref: str
    completes: bool
    keys: list[str] = field(default_factory=list)

    @property
    def session_id(self) -> int | None:
        return self.session.session_id if self.session else None


def _transaction(message: wire.Message) -> Answer:
    match message:
        case wire.Bet():
            return bet(message)
        case wire.Win():
            return win(message)
        case wire.BetWin():
            return bet_win(message)
        case wire.Rollback():
            return roll_back(message)
        case wire.EndRound():
            return end_round(message)
        case wire.Promo():
            return promo(message)


def bet(sent: wire.Bet) -> Answer:
    key = f"bet:{sent.id}"
    call = _call(sent, sent.round, [key])
    amount = _amount(sent.amount, call)
    _check_game(call, wire.GameRefused)
    [result], held = _settle(call, [_bet(key, amount, call, closes=call.completes)])
    if result.status == Status.TOMBSTONE and settings.ALEA_LATE_BET == "deny":
        raise wire.LateBet
    return _moved([result], held, key) | wire.split(amount) | _repeated([result])


def win(sent: wire.Win) -> Answer:
    key = f"win:{sent.id}"
    call = _call(sent, sent.round, [key])
    amount = _amount(sent.amount, call)
    _check_game(call, wire.UnknownGame)
    _check_bet(call, key)
    [result], held = _settle(call, [_win(key, amount, call, closes=call.completes)])
    if result.status == Status.TOMBSTONE:
        raise wire.LateWin
    return _moved([result], held, key) | wire.split(amount) | _repeated([result])


def bet_win(sent: wire.BetWin) -> Answer:
    """Both or neither, the stake covered before the win is added."""
    keys = [f"betwin-bet:{sent.id}", f"betwin-win:{sent.id}"]
    call = _call(sent, sent.round, keys)
    staked, won = _amount(sent.bet.amount, call), _amount(sent.win.amount, call)
    _check_game(call, wire.GameRefused)
    results, held = _settle(
        call,
        [
            _bet(keys[0], staked, call, closes=False),
            _win(keys[1], won, call, closes=call.completes),
        ],
    )
    if results[0].status == Status.TOMBSTONE and settings.ALEA_LATE_BET == "deny":
        raise wire.LateBet
    halves = {"bet": wire.split(staked), "win": wire.split(won)}
    return _moved(results, held, keys[0]) | halves | _repeated(results)


def roll_back(sent: wire.Rollback) -> Answer:
    """Undo whatever came or will come under the named id, once and for ever.

    The call does not say of which kind the transaction was, so every kind is undone in one list:
    what came is reversed, what did not leaves a tombstone. The list is the same each time, so a
    repeat finds its own first key.
    """
    target = sent.transaction.id
    targets = [f"{kind}:{target}" for kind in ("bet", "win", "betwin-bet", "betwin-win")]
    keys = [f"rollback:{sent.id}", *(f"rollback-{n}:{sent.id}" for n in range(2, 5))]
    call = _call(sent, sent.round, keys[:1])
    if not _is_ours(call.game):
        raise wire.UnknownGame
    undone: list[Operation] = [
        movements.Rollback(key=key, target=one, closes_round=call.completes)
        for key, one in zip(keys, targets, strict=True)
    ]
    results, held = _settle(call, undone)
    answer = _moved([next((one for one in results if one.entry_id), results[0])], held, keys[0])
    if all(one.entry_id is None for one in results):
        # Nothing was reversed now: it never came, or another rollback was faster.
        if history.has_entry(PARTNER, targets):
            return answer | {"isAlreadyProcessed": True}
        answer["isNotFound"] = True
    return answer | _repeated(results)


def end_round(sent: wire.EndRound) -> Answer:
    """No money moves. The id is kept as a rollback of nothing, so a repeat is known as one."""
    key = f"end:{sent.id}"
    call = _call(sent, sent.round, [key], completes=True)
    if not history.is_round_known(PARTNER, call.wallet.wallet_id, call.round_ref):
        log.warning("alea.unknown_round", round=call.round_ref, transaction=str(sent.id))
    marker = movements.Rollback(key=key, target=f"round-end:{sent.id}:{call.round_ref}")
    results, held = _settle(call, [marker])
    nothing = wire.split(Money.zero(call.wallet.currency))
    return _moved(results, held, key) | nothing | _repeated(results)


def promo(sent: wire.Promo) -> Answer:
    """A prize of the vendor's, or the end of free spins that we gave. Needs no session, no round."""
    key = f"promo:{sent.id}"
    prize = sent.won()
    try:
        wallet = play.wallet_of(sent.player_id)
        code = wire.wire_code(wallet.currency)
        if prize.currency != code or (sent.currency or code) != code:
            raise WrongCurrency
    except (UnknownPlayer, WrongCurrency):
        _refuse_other_content([key])
        raise
    amount = wire.money_in(prize.amount, wallet.currency)
    if sent.promo_type == "OPERATOR_FREE_SPIN":
        result = _pay_free_spins(wallet, key, amount, prize.bonus_id or "")
    else:
        result = play.pay_promo(partner=PARTNER, wallet=wallet, key=str(sent.id), amount=amount)
    return _moved([result], result.balance, key) | wire.split(amount) | _repeated([result])


def _pay_free_spins(wallet: PlayWallet, key: str, amount: Money, issue_id: str) -> Result:
    issue, payee = free_spins.wallet_of_issue(issue_id)
    if payee.wallet_id != wallet.wallet_id or issue.game.provider != PARTNER:
        raise UnknownIssue
    return free_spins.credit(partner=PARTNER, issue=issue, wallet=wallet, key=key, won=amount)


# ---- shared ---------------------------------------------------------------------------------------


def game_name(software_id: str | int, game_id: str | int) -> str:
    """How our catalogue names the vendor's game."""
    return f"{software_id}:{game_id}"


def _call(
    sent: wire.Transaction, round_: wire.Round | None, keys: list[str], *, completes: bool = False
) -> Call:
    """Raises UnknownPlayer, WrongCurrency, and KeyConflict when the id was another call's."""
    try:
        wallet = play.wallet_of(sent.player.casino_player_id)
        if sent.currency != wire.wire_code(wallet.currency):
            raise WrongCurrency
    except (UnknownPlayer, WrongCurrency):
        _refuse_other_content(keys)
        raise
    game = game_name(sent.software.id, sent.game.id)
    return Call(
        wallet=wallet,
        session=_session(wallet, sent.casino_session_id, game),
        game=game,
        round_ref=str(round_.id) if round_ else "",
        completes=completes or bool(round_ and round_.status == "COMPLETED"),
        keys=keys,
    )


def _session(wallet: PlayWallet, session_ref: str, game: str) -> PlaySession | None:
    """Every bet repeats our reference, so one we never gave is none."""
    return play.session_of(PARTNER, wallet, session_ref, game, is_strict=True)


def _amount(lexeme: msgspec.Raw, call: Call) -> Money:
    return wire.money_in(lexeme, call.wallet.currency)


def _bet(key: str, amount: Money, call: Call, *, closes: bool) -> movements.Bet:
    return movements.Bet(key, amount, call.round_ref, call.session_id, closes_round=closes)


def _win(key: str, amount: Money, call: Call, *, closes: bool) -> movements.Win:
    return movements.Win(key, amount, call.round_ref, call.session_id, closes_round=closes)


def _settle(call: Call, operations: Sequence[Operation]) -> tuple[list[Result], Money]:
    """Move the money of a call; its results in order, and the balance to show."""
    outcome = play.settle(
        partner=PARTNER,
        wallet=call.wallet,
        session=call.session,
        game=call.game,
        round_ref=call.round_ref,
        operations=operations,
        closes_round=call.completes and bool(call.round_ref),
    )
    stored = outcome.results[-1].balance_after
    repeated = bool(_repeated(outcome.results))
    if repeated and stored is not None and settings.ALEA_DUPLICATE_BALANCE == "stored":
        return outcome.results, stored
    return outcome.results, outcome.balance


def _moved(results: Sequence[Result], held: Money, key: str) -> Answer:
    return {"id": play.receipt(results[0], PARTNER, key), **wire.balances(held)}


def _repeated(results: Sequence[Result]) -> Answer:
    known = all(result.status == Status.DUPLICATE for result in results)
    return {"isAlreadyProcessed": True} if known else {}


def _is_ours(game: str) -> bool:
    try:
        play.game_id_of(PARTNER, game)
    except LookupError:
        return False
    return True


def _check_game(call: Call, error: type[DomainError]) -> None:
    """The gate looks at the game of a bet; one that was never ours it cannot find."""
    if not _is_ours(call.game):
        _refuse_other_content(call.keys)
        raise error


def _check_bet(call: Call, key: str) -> None:
    """A win needs a bet in its round. One that was paid or rolled back before is answered as such."""
    if settings.ALEA_WIN_WITHOUT_BET == "accept":
        return
    if history.round_has_bet(PARTNER, call.wallet.wallet_id, call.round_ref):
        return
    if history.is_known(PARTNER, [key]):
        return
    raise_alarm(
        "alea.win_without_bet",
        subject=call.round_ref,
        message="Alea reports a win in a round without a bet; nothing was paid.",
    )
    raise wire.NoBet


def _refuse_other_content(keys: Sequence[str]) -> None:
    """An id that was used before and now names another player, currency or game."""
    if history.is_known(PARTNER, keys):
        play.alarm_conflict(PARTNER, keys[0])
        raise KeyConflict


def _drop_connection() -> None:
    if not connection.in_atomic_block:
        connection.close()
