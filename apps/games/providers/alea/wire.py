"""The protocol as types, its money, and its words for our refusals.

Source: protocol notes, sections 4 to 7. Ids may be numbers or texts and are compared as text; amounts
are JSON numbers in major units and are read from their digits, never through a float. Unknown
members are ignored, as the vendor sends more than it tells.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from django.conf import settings

from apps.core.errors import DomainError
from apps.core.money import Currency, Money
from apps.wallet.errors import PlayRefused

# Every text is kept in PostgreSQL, which has no NUL.
TEXT = r"\A[^\x00]*\Z"
# A number of JSON, with an exponent that fits; a sign is read so that it can be refused by name.
NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]{0,40})(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")
# numeric(38,18) holds twenty digits before the point; a sum this large is a fault, not a bet.
MAJOR_MAX = Decimal(10) ** 15

Id = (
    Annotated[int, msgspec.Meta(ge=0)]
    | Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=TEXT)]
)
Text = Annotated[str, msgspec.Meta(max_length=255, pattern=TEXT)]
Ref = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=TEXT)]


class Malformed(DomainError):
    code = "malformed"
    message = "The request is not understood."


class BadSignature(DomainError):
    code = "bad_signature"
    message = "The digest is wrong."


class UnknownPath(DomainError):
    code = "unknown_path"
    message = "There is no such address."


class UnknownSession(DomainError):
    code = "unknown_session"
    message = "There is no such session."


class SessionOver(DomainError):
    code = "session_over"
    message = "The session is over."


class GameRefused(DomainError):
    """A bet or a balance in a game that is not offered."""

    code = "game_refused"
    message = "The game is not offered."


class UnknownGame(DomainError):
    """A win or a rollback in a game that was never ours."""

    code = "unknown_game"
    message = "There is no such game."


class LateBet(DomainError):
    code = "late_bet"
    message = "This bet was rolled back before it came."


class LateWin(DomainError):
    code = "late_win"
    message = "This win was rolled back before it came."


class NoBet(DomainError):
    """A win in a round without a bet: the bet may be on its way, or there is something wrong."""

    code = "no_bet"
    message = "The round has no bet."


class Unavailable(DomainError):
    """The outcome is not known or nothing was tried: ask again."""

    code = "unavailable"
    message = "Try again."


class Failed(DomainError):
    code = "internal"
    message = "Internal error."


# ---- what comes -----------------------------------------------------------------------------------


class Named(msgspec.Struct, frozen=True):
    id: Id


class Player(msgspec.Struct, frozen=True, rename="camel"):
    casino_player_id: Ref


class Round(msgspec.Struct, frozen=True):
    id: Id
    status: Literal["IN_PROGRESS", "COMPLETED"] | None = None


class Sum(msgspec.Struct, frozen=True):
    amount: msgspec.Raw


class Transaction(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """What every kind but a promotion has."""

    id: Id
    player: Player
    currency: Ref
    game: Named
    software: Named
    casino_session_id: Text = ""


class Bet(Transaction, frozen=True, kw_only=True, tag="BET"):
    casino_session_id: Ref
    round: Round
    amount: msgspec.Raw


class Win(Transaction, frozen=True, kw_only=True, tag="WIN"):
    round: Round
    amount: msgspec.Raw


class BetWin(Transaction, frozen=True, kw_only=True, tag="BET_WIN"):
    casino_session_id: Ref
    round: Round
    bet: Sum
    win: Sum


class Rollback(Transaction, frozen=True, kw_only=True, tag="ROLLBACK"):
    transaction: Named
    round: Round | None = None


class EndRound(Transaction, frozen=True, kw_only=True, tag="END_ROUND"):
    round: Round


class Prize(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    amount: msgspec.Raw
    currency: Ref
    game_id: Id | None = None
    bonus_id: Ref | None = None


class Promo(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="PROMO_PAYOUT"):
    """A prize: of the objects, the one named after the type counts."""

    id: Id
    promo_type: Text
    player_id: Ref
    currency: Ref | None = None
    free_spin: Prize | None = None
    operator_free_spin: Prize | None = None
    prize: Prize | None = None
    cashback: Prize | None = None
    spin_gift: Prize | None = None
    tournament: Prize | None = None
    alea_jackpot: Prize | None = None

    def won(self) -> Prize:
        """Raises Malformed for a type that is not taken and for one without its object."""
        if self.promo_type not in settings.ALEA_PROMO_TYPES:
            raise Malformed(f"{self.promo_type} is not a promotion we take.")
        found: Prize | None = getattr(self, self.promo_type.lower(), None)
        if found is None:
            raise Malformed(f"The object of {self.promo_type} is missing.")
        return found


Message = Bet | Win | BetWin | Rollback | EndRound | Promo
DECODER: "msgspec.json.Decoder[Message]" = msgspec.json.Decoder(Message)


def decode(body: bytes) -> Message:
    """Raises Malformed."""
    try:
        return DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error


# ---- money ----------------------------------------------------------------------------------------


def wire_code(currency: Currency) -> str:
    code: str = settings.ALEA_CURRENCIES.get(currency.code, currency.code)
    return code


def money_in(amount: msgspec.Raw, currency: Currency) -> Money:
    """Read an amount. Raises Malformed for what is no number, negative, too large or too fine."""
    lexeme = bytes(amount).strip()
    if not NUMBER.fullmatch(lexeme):
        raise Malformed("An amount is not a number.")
    major = Decimal(lexeme.decode())
    if major < 0:
        raise Malformed("An amount is negative.")
    if major >= MAJOR_MAX:
        raise Malformed("An amount is too large.")
    try:
        return Money.from_major(major, currency)
    except DomainError as error:
        raise Malformed(f"An amount has more decimals than {currency.code}.") from error


def number(amount: Money) -> msgspec.Raw:
    """A plain decimal with the wallet's scale; what the vendor may not see is cut, not rounded up."""
    scale = amount.currency.scale
    shown = min(settings.ALEA_DECIMALS.get(wire_code(amount.currency), scale), scale)
    units = amount.units // 10 ** (scale - shown)
    return msgspec.Raw(f"{Decimal(units).scaleb(-shown):f}".encode())


def balances(held: Money) -> dict[str, Any]:
    """Real and bonus money, apart; a debt is shown as nothing."""
    nothing = Money.zero(held.currency)
    return {
        "realBalance": number(held if held.units > 0 else nothing),
        "bonusBalance": number(nothing),
    }


def split(amount: Money) -> dict[str, Any]:
    """How a stake or a win divides: all of it is real money."""
    return {"realAmount": number(amount), "bonusAmount": number(Money.zero(amount.currency))}


# ---- refusals -------------------------------------------------------------------------------------

# Our error's code -> the vendor's (section 6). A refused bet is `play_refused:<the gate's word>`.
CODES = {
    "insufficient_funds": "INSUFFICIENT_FUNDS",
    "play_refused:session": "SESSION_EXPIRED",
    "session_over": "SESSION_EXPIRED",
    "play_refused:game": "GAME_NOT_ALLOWED",
    "play_refused:country": "GAME_NOT_ALLOWED",
    "game_refused": "GAME_NOT_ALLOWED",
    "limit_reached": "BET_MAX",
    "play_refused": "BET_DENIED",
    "late_bet": "BET_DENIED",
    "wallet_blocked": "PLAYER_BLOCKED",
    "key_conflict": "DUPLICATE_TRANSACTION_DATA_MISMATCH",
    "unavailable": "GENERAL_ERROR",
    "internal": "INTERNAL_ERROR",
    "late_win": "INVALID_REQUEST",
    "unknown_player": "INVALID_REQUEST",
    "no_wallet": "INVALID_REQUEST",
    "wrong_currency": "INVALID_REQUEST",
    "unknown_game": "INVALID_REQUEST",
    "unknown_issue": "INVALID_REQUEST",
    "malformed": "INVALID_REQUEST",
    "bad_signature": "INVALID_REQUEST",
    "unknown_path": "INVALID_REQUEST",
}
CODES_V1 = CODES | {
    "unknown_player": "PLAYER_NOT_FOUND",
    "no_wallet": "PLAYER_NOT_FOUND",
    "wrong_currency": "INVALID_CURRENCY",
    "unknown_game": "GAME_NOT_FOUND",
    "bad_signature": "INVALID_SIGNATURE",
}
# A business refusal of a bet; everything else is an error in the request or of ours.
DENIED = {
    *("INSUFFICIENT_FUNDS", "SESSION_EXPIRED", "GAME_NOT_ALLOWED"),
    *("BET_DENIED", "BET_MAX", "PLAYER_BLOCKED"),
}


def code_of(error: DomainError) -> str:
    """The vendor's word for a refusal."""
    if error.code == "unknown_session":
        unknown: str = settings.ALEA_UNKNOWN_SESSION
        return unknown
    if error.code == "no_bet":
        is_final = settings.ALEA_WIN_WITHOUT_BET == "refuse"
        return "UNKNOWN_ERROR" if is_final else "GENERAL_ERROR"
    codes = CODES if settings.ALEA_GENERATION == "v2" else CODES_V1
    name = f"{error.code}:{error.reason}" if isinstance(error, PlayRefused) else error.code
    return codes.get(name) or codes.get(error.code, "INTERNAL_ERROR")


def refusal(error: DomainError) -> tuple[int, bytes]:
    """HTTP status and body of a refusal."""
    code = code_of(error)
    status: int = settings.ALEA_STATUSES[settings.ALEA_GENERATION].get(code, 400)
    if error.code == "unknown_path":
        status = 404
    body = {"code": code, "message": error.message}
    if settings.ALEA_GENERATION == "v2":
        body = {"status": "DENIED" if code in DENIED else "ERROR", **body}
    return status, msgspec.json.encode(body)
