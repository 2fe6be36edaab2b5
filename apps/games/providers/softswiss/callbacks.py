"""What the aggregator calls: `/play`, `/rollback`, `/freespins`, and the Twirp methods of v2.

Signature, strict decoding, one service call, an answer in the caller's generation. A 4xx is a final
refusal, so whatever is not known to be one is a 5xx.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec
import psycopg
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.games import free_spins, play
from apps.games.errors import WrongCurrency
from apps.games.play import Operation, PlaySession, PlayWallet
from apps.games.providers.softswiss import signing, wire
from apps.games.providers.softswiss.wire import Generation
from apps.integrations.callbacks import CallbackRequest, CallbackResponse
from apps.integrations.recorder import UNSIGNED_BYTES_MAX, Copy, recorder
from apps.ledger.instructions import Status
from apps.wallet.movements import Bet, Result, Rollback, Win

log = structlog.get_logger()

PARTNER = "softswiss"
V2_PREFIX = "v2/"
Answer = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A round's call of either generation. game: `provider:Name` or empty."""

    generation: Generation
    wallet: PlayWallet
    game: str
    round_ref: str
    session_ref: str
    finished: bool


@dataclass(frozen=True, slots=True)
class Action:
    """One movement of a call, its amount still as the vendor writes it."""

    kind: Literal["bet", "win", "rollback"]
    key: str
    amount: int | str = 0
    target: str = ""
    jackpot_win: bool = False


def handle(request: CallbackRequest) -> CallbackResponse:
    """Answer one call and keep a copy of both."""
    received_at = now()
    generation: Generation = "v2" if request.path.startswith(V2_PREFIX) else "v1"
    error, reference, signed = "", "", True
    try:
        if not _may_call(request):
            signed = False
            raise wire.BadSignature
        method = METHODS.get(request.path.rstrip("/")) if request.method == "POST" else None
        if method is None:
            raise wire.UnknownPath
        answer, reference = method(request.body)
        status, body = 200, msgspec.json.encode(answer)
    except DomainError as refused:
        error = f"{refused.code}: {refused.message}"
        status, body = wire.refusal(refused, generation)
    except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError):
        # The database is away or too busy. The caller repeats with the same ids.
        log.exception("softswiss.unavailable", path=request.path)
        error = "database unavailable"
        _drop_connection()
        status, body = wire.refusal(wire.Unavailable(), generation)
    except Exception as failure:
        log.exception("softswiss.failed", path=request.path)
        error = f"{type(failure).__name__}: {failure}"
        status, body = wire.refusal(_Failed(), generation)
    recorder().keep(
        Copy(
            partner=PARTNER,
            kind=request.path,
            outside_ref=reference,
            headers=request.headers,
            remote_addr=request.remote_addr,
            body=request.body if signed else request.body[:UNSIGNED_BYTES_MAX],
            answer_status=status,
            answer=body,
            error=error,
            received_at=received_at,
        )
    )
    return CallbackResponse(status, body)


# ---- v1 -------------------------------------------------------------------------------------------


def play_v1(body: bytes) -> tuple[Answer, str]:
    sent = _decode(body, PLAY_V1)
    call = _call_v1(sent)
    if not sent.actions:
        if sent.finished:
            _require(call.round_ref, "game_id")
            play.finish_round(partner=PARTNER, wallet=call.wallet, round_ref=call.round_ref)
        return {"balance": wire.units_out(play.balance(call.wallet), "v1")}, call.round_ref
    _require(call.round_ref, "game_id")
    actions = [
        Action(one.action, one.action_id, one.amount, jackpot_win=wire.names_jackpot(one))
        for one in sent.actions
    ]
    return _settled_v1(call, actions), sent.actions[0].action_id


def rollback_v1(body: bytes) -> tuple[Answer, str]:
    sent = _decode(body, ROLLBACK_V1)
    call = _call_v1(sent)
    actions = [
        Action("rollback", one.action_id, target=one.original_action_id) for one in sent.actions
    ]
    return _settled_v1(call, actions), sent.actions[0].action_id


def free_spins_v1(body: bytes) -> tuple[Answer, str]:
    sent = _decode(body, FREE_SPINS_V1)
    issue, wallet = free_spins.wallet_of_issue(sent.issue_id)
    if sent.status in settings.SOFTSWISS_FREE_SPINS_TERMINAL:
        won = wire.money_in(sent.total_amount, wallet.currency, "v1")
        held = free_spins.finish(partner=PARTNER, issue=issue, wallet=wallet, won=won)
    else:
        free_spins.close(issue, sent.status)
        held = play.balance(wallet)
    return {"balance": wire.units_out(held, "v1")}, sent.issue_id


def _call_v1(sent: wire.EnvelopeV1) -> Call:
    return Call(
        generation="v1",
        wallet=_wallet(sent.user_id, sent.currency, "v1"),
        game=sent.game or "",
        round_ref=sent.game_id or "",
        session_ref=sent.session_id or "",
        finished=bool(sent.finished),
    )


def _settled_v1(call: Call, actions: Sequence[Action]) -> Answer:
    results, held = _settle(call, actions)
    listed = [
        {
            "action_id": action.key,
            "tx_id": play.receipt(result, PARTNER, action.key),
            **_processed_at(),
            "bonus_amount": 0,
        }
        for action, result in zip(actions, results, strict=True)
    ]
    return {
        "balance": wire.units_out(held, "v1"),
        "game_id": call.round_ref,
        "transactions": listed,
    }


# ---- v2 -------------------------------------------------------------------------------------------


def balance_v2(body: bytes) -> tuple[Answer, str]:
    sent = _decode(body, BALANCE_V2)
    wallet = _wallet(sent.player_id, sent.currency, "v2")
    return {"balance": wire.balance_out(play.balance(wallet), "v2")}, ""


def bet_win_v2(body: bytes) -> tuple[Answer, str]:
    sent = _decode(body, BET_WIN_V2)
    call = _call_v2(sent)
    _refuse_twins([one.id for one in sent.transactions])
    actions = [
        Action(one.type, one.id, one.amount, jackpot_win=wire.names_jackpot(one))
        for one in sent.transactions
    ]
    return _settled_v2(call, actions), sent.transactions[0].id


def rollback_v2(body: bytes) -> tuple[Answer, str]:
    sent = _decode(body, ROLLBACK_V2)
    call = _call_v2(sent)
    _refuse_twins([one.id for one in sent.transactions])
    actions = [Action("rollback", one.id, target=one.original_id) for one in sent.transactions]
    return _settled_v2(call, actions), sent.transactions[0].id


def finish_v2(body: bytes) -> tuple[Answer, str]:
    sent = _decode(body, FINISH_V2)
    call = _call_v2(sent)
    play.finish_round(partner=PARTNER, wallet=call.wallet, round_ref=call.round_ref)
    return {"balance": wire.balance_out(play.balance(call.wallet), "v2")}, call.round_ref


def free_spins_v2(body: bytes) -> tuple[Answer, str]:
    """Sent once, when the last spin is played."""
    sent = _decode(body, FREE_SPINS_V2)
    issue, wallet = free_spins.wallet_of_issue(sent.issue_id)
    won = wire.money_in(sent.amount, wallet.currency, "v2")
    held = free_spins.finish(partner=PARTNER, issue=issue, wallet=wallet, won=won)
    return {"balance": wire.balance_out(held, "v2")}, sent.issue_id


def promo_v2(body: bytes) -> tuple[Answer, str]:
    sent = _decode(body, PROMO_V2)
    wallet = _wallet(sent.player_id, sent.currency, "v2")
    amount = wire.money_in(sent.amount, wallet.currency, "v2")
    result = play.pay_promo(partner=PARTNER, wallet=wallet, key=sent.id, amount=amount)
    answer = {
        "balance": wire.balance_out(result.balance, "v2"),
        "id": sent.id,
        "id_casino": play.receipt(result, PARTNER, sent.id),
        "bonus_amount": "0",
    }
    return answer, sent.id


def _call_v2(sent: wire.EnvelopeV2) -> Call:
    game = sent.game_id or ""
    if game and ":" not in game and sent.provider:
        game = f"{sent.provider}:{game}"
    return Call(
        generation="v2",
        wallet=_wallet(sent.player_id, sent.currency, "v2"),
        game=game,
        round_ref=sent.round_id,
        session_ref=sent.session_payload or "",
        finished=sent.finished in {True, "true"},
    )


def _settled_v2(call: Call, actions: Sequence[Action]) -> Answer:
    results, held = _settle(call, actions)
    listed = [
        {
            "id": action.key,
            "id_casino": play.receipt(result, PARTNER, action.key),
            "bonus_amount": "0",
            **_processed_at(),
        }
        for action, result in zip(actions, results, strict=True)
    ]
    return {
        "balance": wire.balance_out(held, "v2"),
        "round_id_casino": call.round_ref,
        "transactions": listed,
    }


METHODS: dict[str, Callable[[bytes], tuple[Answer, str]]] = {
    "play": play_v1,
    "rollback": rollback_v1,
    "freespins": free_spins_v1,
    "v2/a8r_casino.Player/Balance": balance_v2,
    "v2/a8r_casino.Round/BetWin": bet_win_v2,
    "v2/a8r_casino.Round/Rollback": rollback_v2,
    "v2/a8r_casino.Round/Finish": finish_v2,
    "v2/a8r_casino.Freespins/Finish": free_spins_v2,
    "v2/a8r_casino.Promo/Win": promo_v2,
}

PLAY_V1 = msgspec.json.Decoder(wire.PlayV1)
ROLLBACK_V1 = msgspec.json.Decoder(wire.RollbackCallV1)
FREE_SPINS_V1 = msgspec.json.Decoder(wire.FreeSpinsV1)
BALANCE_V2 = msgspec.json.Decoder(wire.BalanceV2)
BET_WIN_V2 = msgspec.json.Decoder(wire.BetWinV2)
ROLLBACK_V2 = msgspec.json.Decoder(wire.RollbackCallV2)
FINISH_V2 = msgspec.json.Decoder(wire.FinishV2)
FREE_SPINS_V2 = msgspec.json.Decoder(wire.FreeSpinsV2)
PROMO_V2 = msgspec.json.Decoder(wire.PromoV2)


# ---- shared ---------------------------------------------------------------------------------------


class _Failed(DomainError):
    code = "internal"
    message = "internal error"


def _may_call(request: CallbackRequest) -> bool:
    allowed = settings.SOFTSWISS_IP_ALLOWLIST
    if allowed and request.remote_addr not in allowed:
        return False
    return signing.is_valid(request.body, request.headers)


def _decode(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise wire.Malformed(str(error)) from error


def _require(value: str, name: str) -> None:
    if not value:
        raise wire.Malformed(f"{name} is missing")


def _wallet(ref: str, code: str, generation: Generation) -> PlayWallet:
    wallet = play.wallet_of(ref)
    if code != wire.wire_code(wallet.currency, generation):
        raise WrongCurrency
    return wallet


def _session_id(call: Call) -> tuple[PlaySession | None, int | None]:
    session = play.session_of(PARTNER, call.wallet, call.session_ref, call.game)
    if session is None:
        return None, None
    switched = call.game and call.game != session.game
    if switched and not settings.SOFTSWISS_ACCEPT_GAME_SWITCH:
        return None, session.session_id
    return session, session.session_id


def _settle(call: Call, actions: Sequence[Action]) -> tuple[list[Result], Money]:
    """Move the money of a call; its results in order, and the balance to show."""
    session, session_id = _session_id(call)
    last = len(actions) - 1
    operations: list[Operation] = []
    for index, action in enumerate(actions):
        closes = call.finished and index == last
        if action.kind == "rollback":
            operations.append(Rollback(key=action.key, target=action.target, closes_round=closes))
            continue
        make = Bet if action.kind == "bet" else Win
        operations.append(
            make(
                key=action.key,
                amount=wire.money_in(action.amount, call.wallet.currency, call.generation),
                round_ref=call.round_ref,
                session_id=session_id,
                closes_round=closes,
            )
        )
    outcome = play.settle(
        partner=PARTNER,
        wallet=call.wallet,
        session=session,
        game=call.game,
        round_ref=call.round_ref,
        operations=operations,
        closes_round=call.finished,
    )
    for action in actions:
        if action.kind == "win" and action.jackpot_win and wire.is_nothing(action.amount):
            _ask_about_jackpot(action)
    return outcome.results, _shown(outcome)


def _shown(outcome: play.Outcome) -> Money:
    stored = outcome.results[-1].balance_after
    repeated = all(result.status == Status.DUPLICATE for result in outcome.results)
    if repeated and stored is not None and settings.SOFTSWISS_DUPLICATE_BALANCE == "stored":
        return stored
    return outcome.balance


def _ask_about_jackpot(action: Action) -> None:
    """The amount should hold the jackpot already; a win of nothing beside one does not."""
    raise_alarm(
        "softswiss.jackpot_beside_zero",
        subject=action.key,
        message="A win of zero names a jackpot. Ask SOFTSWISS whether it was paid.",
    )


def _processed_at() -> Answer:
    if not settings.SOFTSWISS_SEND_PROCESSED_AT:
        return {}
    return {"processed_at": now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


def _refuse_twins(keys: Sequence[str]) -> None:
    if len(set(keys)) != len(keys):
        raise wire.Malformed("an id stands twice in one request")


def _drop_connection() -> None:
    if not connection.in_atomic_block:
        connection.close()
