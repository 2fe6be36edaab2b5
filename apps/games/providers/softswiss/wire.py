"""Both generations of the protocol as types, their money, and their words for our refusals.

Source: protocol notes, sections 3 to 8. Decoding is strict: no number for a text, no float for a
whole number, no sign, no exponent; unknown members are ignored, as the vendor adds some.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from django.conf import settings

from apps.core.errors import DomainError
from apps.core.money import Currency, Money
from apps.wallet.errors import PlayRefused

Generation = Literal["v1", "v2"]

# Every text is kept in PostgreSQL, which has no NUL.
TEXT = r"\A[^\x00]*\Z"
AMOUNT = r"\A[0-9]{1,18}(\.[0-9]{1,12})?\Z"
ACTIONS_MAX = 100
# numeric(38,18) holds twenty digits before the point; a sum this large is a fault, not a bet.
MAJOR_MAX = Decimal(10) ** 15

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=TEXT)]
Text = Annotated[str, msgspec.Meta(max_length=255, pattern=TEXT)]
CurrencyCode = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z0-9]{2,15}\Z")]
Units = Annotated[int, msgspec.Meta(ge=0)]
AmountText = Annotated[str, msgspec.Meta(pattern=AMOUNT)]
Flag = bool | Literal["true", "false"] | None


class Malformed(DomainError):
    code = "malformed"
    message = "bad request"


class BadSignature(DomainError):
    code = "bad_signature"
    message = "forbidden"


class UnknownPath(DomainError):
    code = "unknown_path"
    message = "not found"


class Unavailable(DomainError):
    """The outcome is not known or nothing was tried: ask again."""

    code = "unavailable"
    message = "try again"


# ---- v1: whole subunits ---------------------------------------------------------------------------


class ActionV1(msgspec.Struct, frozen=True):
    action: Literal["bet", "win"]
    action_id: Id
    amount: Units
    jackpot_contribution: Any = None
    jackpot_win: Any = None


class RollbackV1(msgspec.Struct, frozen=True):
    action: Literal["rollback"]
    action_id: Id
    original_action_id: Id


class EnvelopeV1(msgspec.Struct, frozen=True):
    user_id: Id
    currency: CurrencyCode
    game: Text | None = None
    game_id: Text | None = None
    finished: bool | None = None
    session_id: Text | None = None


Actions = Annotated[list[ActionV1], msgspec.Meta(max_length=ACTIONS_MAX)]
Rollbacks = Annotated[list[RollbackV1], msgspec.Meta(min_length=1, max_length=ACTIONS_MAX)]


class PlayV1(EnvelopeV1, frozen=True):
    actions: Actions | None = None


class RollbackCallV1(EnvelopeV1, frozen=True, kw_only=True):
    actions: Rollbacks


class FreeSpinsV1(msgspec.Struct, frozen=True):
    issue_id: Id
    status: Id
    total_amount: Units = 0


# ---- v2: decimal texts ----------------------------------------------------------------------------


class BalanceV2(msgspec.Struct, frozen=True):
    player_id: Id
    currency: CurrencyCode
    session_payload: Text | None = None


class TransactionV2(msgspec.Struct, frozen=True):
    id: Id
    type: Literal["bet", "win"]
    amount: AmountText
    bet_id: Text | None = None
    bet_type: Text | None = None
    jackpot_contribution: Any = None
    jackpot_win: Any = None
    jackpot_details: Any = None


class RollbackV2(msgspec.Struct, frozen=True):
    id: Id
    original_id: Id
    type: Literal["rollback"] = "rollback"


class EnvelopeV2(msgspec.Struct, frozen=True, kw_only=True):
    player_id: Id
    currency: CurrencyCode
    round_id: Id
    game_id: Text | None = None
    provider: Text | None = None
    session_payload: Text | None = None
    finished: Flag = None


class BetWinV2(EnvelopeV2, frozen=True, kw_only=True):
    game_id: Id
    provider: Id
    transactions: Annotated[list[TransactionV2], msgspec.Meta(min_length=1, max_length=ACTIONS_MAX)]


class RollbackCallV2(EnvelopeV2, frozen=True, kw_only=True):
    transactions: Annotated[list[RollbackV2], msgspec.Meta(min_length=1, max_length=ACTIONS_MAX)]


class FinishV2(EnvelopeV2, frozen=True, kw_only=True):
    """Ends a round and moves nothing."""


class FreeSpinsV2(msgspec.Struct, frozen=True):
    issue_id: Id
    amount: AmountText


class PromoV2(msgspec.Struct, frozen=True):
    player_id: Id
    currency: CurrencyCode
    amount: AmountText
    id: Id
    event_id: Text | None = None
    event_type: Text | None = None


def names_jackpot(win: ActionV1 | TransactionV2) -> bool:
    """Whether a jackpot is said to be won; a remark only, the amount is what is paid."""
    details = getattr(win, "jackpot_details", None)
    total = details.get("total_win") if isinstance(details, dict) else None
    return not (is_nothing(win.jackpot_win) and is_nothing(total))


def is_nothing(amount: object) -> bool:
    return amount is None or not str(amount).strip("0.")


# ---- money ----------------------------------------------------------------------------------------


def wire_code(currency: Currency, generation: Generation) -> str:
    code: str = settings.SOFTSWISS_CURRENCIES[generation].get(currency.code, currency.code)
    return code


def decimals(currency: Currency, generation: Generation) -> int:
    """Digits after the point of the vendor's smallest unit."""
    table: dict[str, int] = settings.SOFTSWISS_DECIMALS[generation]
    default: int = settings.SOFTSWISS_DECIMALS_DEFAULT[generation]
    return int(table.get(wire_code(currency, generation), default))


def money_in(amount: int | str, currency: Currency, generation: Generation) -> Money:
    """Read an amount. Raises Malformed for digits our unit cannot hold, never rounds."""
    if isinstance(amount, int):
        major = Decimal(amount).scaleb(-decimals(currency, generation))
    else:
        major = Decimal(amount)
    if major >= MAJOR_MAX:
        raise Malformed("the amount is too large")
    try:
        return Money.from_major(major, currency)
    except DomainError as error:
        raise Malformed(f"the amount has more decimals than {currency.code}") from error


def units_out(amount: Money, generation: Generation) -> int:
    """Whole subunits of the vendor, rounded down; a debt is shown as nothing."""
    if amount.units <= 0:
        return 0
    digits, scale = decimals(amount.currency, generation), amount.currency.scale
    return int(amount.units * 10**digits // 10**scale)


def balance_out(amount: Money, generation: Generation) -> int | str:
    """A balance as the generation writes it: a whole number or a decimal text."""
    if generation == "v1":
        return units_out(amount, "v1")
    digits = min(decimals(amount.currency, "v2"), amount.currency.scale)
    if amount.units <= 0:
        return f"{Decimal(0):.{digits}f}"
    units = amount.units // 10 ** (amount.currency.scale - digits)
    return f"{Money(units, _cut(amount.currency, digits)).major:f}"


def _cut(currency: Currency, scale: int) -> Currency:
    return Currency(currency.code, scale, currency.kind, currency.symbol, currency.name, scale)


# ---- refusals -------------------------------------------------------------------------------------

# Our error's code -> the vendor's number (section 8). A refused bet is `play_refused:<gate's word>`.
CODES = {
    "insufficient_funds": 100,
    "unknown_player": 101,
    "no_wallet": 101,
    "limit_reached": 105,
    "wallet_blocked": 110,
    "play_refused:session": 107,
    "play_refused:game": 107,
    "play_refused:clock": 107,
    "play_refused:country": 153,
    "wrong_currency": 154,
    "malformed": 400,
    "bad_signature": 403,
    "unknown_path": 404,
    "unknown_issue": 610,
    "unavailable": 503,
}
CODE_DEFAULT = 500
TWIRP_CODES = {
    100: "failed_precondition",
    101: "not_found",
    105: "failed_precondition",
    107: "permission_denied",
    110: "permission_denied",
    153: "permission_denied",
    154: "invalid_argument",
    400: "invalid_argument",
    403: "permission_denied",
    404: "bad_route",
    409: "already_exists",
    500: "internal",
    503: "unavailable",
    610: "not_found",
}
CLOSED_SESSION = "the session is over"


def code_of(error: DomainError, generation: Generation) -> int:
    """The vendor's number for a refusal."""
    if error.code == "key_conflict":
        mismatch: int = settings.SOFTSWISS_MISMATCH_CODE[generation]
        return mismatch
    name = f"{error.code}:{error.reason}" if isinstance(error, PlayRefused) else error.code
    return CODES.get(name, CODE_DEFAULT)


def status_of(code: int, generation: Generation) -> int:
    statuses: dict[int, int] = settings.SOFTSWISS_STATUSES[generation]
    default: int = settings.SOFTSWISS_STATUS_DEFAULT[generation]
    return statuses.get(code, default)


def refusal(error: DomainError, generation: Generation) -> tuple[int, bytes]:
    """HTTP status and body of a refusal, with the balance where the error knows it."""
    code = code_of(error, generation)
    message = error.message
    if isinstance(error, PlayRefused) and error.reason == "session":
        message = CLOSED_SESSION
    held: Money | None = getattr(error, "balance", None)
    shown = {} if held is None else {"balance": balance_out(held, generation)}
    if generation == "v1":
        body: dict[str, Any] = {"code": code, "message": message, **shown}
    else:
        body = {
            "code": TWIRP_CODES.get(code, "internal"),
            "msg": message,
            "meta": {"api_code": str(code), "api_message": message, **shown},
        }
    return status_of(code, generation), msgspec.json.encode(body)
