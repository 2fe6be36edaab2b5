"""PaymentIQ's JSON and our words for it.

Names are case sensitive, what is optional may be absent or null, ids and amounts come as text or as
numbers, unknown fields are ignored. Amounts never pass through a float; an exponent, a plus, a
separator, NaN or a name that stands twice is refused.
Source: documentation portal, Integration API and Admin API (state of April 2023, read November 2026).
"""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from babel.core import get_global

from apps.core.errors import DomainError
from apps.payments.errors import DepositRefused
from apps.payments.providers.base import (
    FoundMove,
    GatewayMove,
    Outcome,
    PayoutStatus,
    StatementRow,
    TransactionKind,
)
from apps.payments.services.cashier import Payer
from apps.payments.services.fiat import Verdict

PROVIDER = "paymentiq"
Json = dict[str, Any]

AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,18})?", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3,8}", re.ASCII)
# Our id of the player, and which of their currencies: theirs has one currency for each user.
USER = re.compile(r"(?P<player>[0-9A-Za-z_]{1,32})(?:-(?P<code>[A-Z]{3,8}))?", re.ASCII)
PLAIN_ID = re.compile(r"[0-9A-Za-z._:-]{1,64}", re.ASCII)
TEXT_MAX = 255
USER_MAX = 50

# Our refusals and their number; the vendor maps ours to theirs, so they must not change.
ERROR_CODES = {
    "unreadable": "100",
    "session_invalid": "101",
    "unknown_player": "102",
    "wallet_blocked": "103",
    "forbidden": "103",
    "insufficient_funds": "110",
    "wrong_currency": "111",
    "unknown_currency": "111",
    "rail_unavailable": "112",
    "invalid_amount": "113",
    "amount_too_small": "114",
    "below_minimum": "114",
    "above_maximum": "115",
    "deposit_refused": "120",
    "too_many_failures": "121",
    "reference_reused": "130",
    "already_finished": "131",
    "cancelled_first": "131",
    "contradicts_itself": "132",
}
REFUSED = "199"
UNREADABLE, FAILED = ERROR_CODES["unreadable"], "900"

METHODS = (("creditcard", "card"), ("card", "card"), ("bank", "bank"), ("sepa", "bank"))
# What a player reads about a payment that was not completed, by the vendor's status code.
WORDS = {
    "304": "You did not confirm it in time.",
    "504": "There was not enough money on the card or account.",
    "509": "The bank could not verify that it was you.",
    "513": "The bank did not allow this payment.",
    "518": "The same payment was made a moment before.",
    "521": "A limit of the payment provider was reached.",
    "546": "A limit you have set does not allow it.",
    "600": "You cancelled it.",
    "601": "Our payments team cancelled it.",
    "602": "The payment provider cancelled it.",
}

PAYOUT_STATUS = {
    "SUCCESSFUL": PayoutStatus.PAID,
    "PROCESSING": PayoutStatus.PROCESSING,
    "WAITING_INPUT": PayoutStatus.PROCESSING,
    "REPROCESSING": PayoutStatus.PROCESSING,
    "INCONSISTENT": PayoutStatus.HELD,
    "FAILED": PayoutStatus.REFUSED,
    "CANCELLED": PayoutStatus.REFUSED,
}
OUTCOMES = {
    "SUCCESSFUL": Outcome.MOVED,
    "FAILED": Outcome.GONE,
    "CANCELLED": Outcome.GONE,
    "INCONSISTENT": Outcome.UNCLEAR,
    "REGISTERED": Outcome.OPEN,
    "PROCESSING": Outcome.OPEN,
    "WAITING_INPUT": Outcome.OPEN,
    "WAITING_APPROVAL": Outcome.OPEN,
    "REPROCESSING": Outcome.OPEN,
}
# What a day's statement lists. An inconsistent one waits for their staff: a difference to look at.
ENDED = {"SUCCESSFUL", "FAILED", "CANCELLED", "INCONSISTENT"}
# Of a payout that waits for approval: these codes wait for ours, the others for their own staff.
OUR_APPROVAL = {"351", "353"}


class WireError(ValueError):
    """The bytes do not say what the document promises."""


# ---- reading -------------------------------------------------------------------------------------


def decode(body: bytes) -> Json:
    """Raises WireError for anything but a JSON object with plain numbers and each name once."""
    try:
        document = json.loads(
            body,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refused,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError) as error:
        raise WireError(f"not readable as JSON: {error}") from error
    if not isinstance(document, dict):
        raise WireError("not a JSON object")
    return document


def session_of(document: Json) -> tuple[str, str]:
    """The token and the user of `verifyuser`."""
    return text(document, "sessionId"), text(document, "userId", longest=USER_MAX)


def user(value: str) -> tuple[str, str]:
    """Our id of the player and the currency of this account; empty when it does not say."""
    found = USER.fullmatch(value)
    if found is None or len(value) > USER_MAX:
        raise WireError("userId is none of ours")
    return found["player"], found["code"] or ""


def user_of(player_ref: str, code: str) -> str:
    return f"{player_ref}-{code}"


def move(document: Json, *, is_question: bool = False) -> GatewayMove:
    """Read `authorize`, `transfer` or `cancel`.

    is_question: refuse what lacks a field the document calls required. Money that has moved is
    taken with what there is.
    """
    player_ref, account_code = user(text(document, "userId", longest=USER_MAX))
    amount = _amount(document, "txAmount")
    code = optional_text(document, "txAmountCy") or optional_text(document, "txCurrency")
    if not CURRENCY.fullmatch(code):
        raise WireError("txAmountCy is missing or no currency")
    if is_question:
        for name in ("txTypeId", "txName", "provider"):
            text(document, name)
        if account_code not in {"", code}:
            raise WrongCurrency
    name = optional_text(document, "txName")
    return GatewayMove(
        provider=PROVIDER,
        outside_ref=_id(document, "txId"),
        player_ref=player_ref,
        amount=amount,
        code=code,
        kind=kind_of(name),
        name=name,
        method=method_of(name),
        psp=optional_text(document, "provider"),
        origin_ref=_optional_id(document, "originTxId"),
        account=optional_text(document, "maskedAccount") or optional_text(document, "accountId"),
        holder=optional_text(document, "accountHolder"),
        psp_ref=optional_text(document, "pspRefId"),
        fee=max(_optional_amount(document, "fee"), Decimal(0)),
        words=words_of(document),
    )


def is_pending(document: Json) -> bool:
    """A transfer that says it is not final yet (status 200 to 399): nothing is booked on it."""
    code = optional_text(document, "statusCode") or optional_text(document, "txStatusCode")
    if code.isascii() and code.isdigit():
        return 200 <= int(code) <= 399
    return code.startswith(("WAITING", "PROCESSING", "PENDING"))


def kind_of(name: str) -> TransactionKind:
    """By the name; the number `txTypeId` is in no public list and is never looked at."""
    lowered = name.lower()
    if "chargeback" in lowered or "dispute" in lowered:
        return TransactionKind.CHARGEBACK
    if "refund" in lowered or "void" in lowered:
        return TransactionKind.REFUND
    if lowered.endswith("deposit"):
        return TransactionKind.DEPOSIT
    if lowered.endswith("withdrawal"):
        return TransactionKind.WITHDRAWAL
    return TransactionKind.OTHER


def method_of(name: str) -> str:
    lowered = name.lower()
    if not lowered.endswith(("deposit", "withdrawal")):
        return ""
    return next((method for start, method in METHODS if lowered.startswith(start)), "wallet")


def words_of(document: Json) -> str:
    """Why it did not happen, for the player; the vendor's own text when there is no better one."""
    code = optional_text(document, "statusCode")
    return WORDS.get(code) or optional_text(document, "pspStatusMessage") or ""


def text(document: Json, name: str, *, longest: int = TEXT_MAX) -> str:
    value = optional_text(document, name, longest=longest)
    if not value:
        raise WireError(f"{name} is missing")
    return value


def optional_text(document: Json, name: str, *, longest: int = TEXT_MAX) -> str:
    """A field as text, whichever JSON type it came in; null and absent are empty."""
    value = document.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise WireError(f"{name} is neither text nor a number")
    if len(str(value)) > longest:
        raise WireError(f"{name} is too long")
    if "\x00" in str(value):
        raise WireError(f"{name} has a NUL")
    return str(value)


def _id(document: Json, name: str) -> str:
    value = text(document, name)
    if not PLAIN_ID.fullmatch(value):
        raise WireError(f"{name} is no id")
    return value


def _optional_id(document: Json, name: str) -> str:
    return _id(document, name) if optional_text(document, name) else ""


def _amount(document: Json, name: str) -> Decimal:
    value = text(document, name)
    if not AMOUNT.fullmatch(value):
        raise WireError(f"{name} is not a plain amount")
    return Decimal(value)


def _optional_amount(document: Json, name: str) -> Decimal:
    return _amount(document, name) if optional_text(document, name) else Decimal(0)


def _number(written: str) -> Decimal:
    if not AMOUNT.fullmatch(written):
        raise ValueError(f"{written[:40]} is not a plain number")
    return Decimal(written)


def _refused(written: str) -> Decimal:
    raise ValueError(f"{written} is not a number")


def _once(pairs: list[tuple[str, Any]]) -> Json:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name stands twice")
    return document


# ---- their book ----------------------------------------------------------------------------------
# The Admin API's list is named but not described; these are the names of its other documents.


def rows(body: bytes) -> list[Json]:
    """The transactions of a search: a list, or an object that holds one."""
    try:
        found = json.loads(
            body,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refused,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError) as error:
        raise WireError(f"not readable as JSON: {error}") from error
    if isinstance(found, dict):
        found = found.get("payments") or found.get("data") or []
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise WireError("not a list of transactions")
    return found


def text_of(row: Json, name: str) -> str:
    return optional_text(row, name)


def moment(row: Json, name: str) -> datetime:
    """A time with its zone; one without is taken as UTC."""
    try:
        found = datetime.fromisoformat(text(row, name))
    except ValueError as error:
        raise WireError(f"{name} is no time") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def found_move(row: Json) -> FoundMove:
    return FoundMove(
        move=move({**row, "txId": row.get("id")}),
        outcome=OUTCOMES.get(text(row, "state"), Outcome.UNCLEAR),
    )


def statement_row(row: Json) -> StatementRow:
    """One transaction of theirs as reconciliation reads it."""
    found = move({**row, "txId": row.get("id")})
    return StatementRow(
        outside_ref=found.outside_ref,
        kind=_statement_kind(found),
        code=found.code,
        amount=abs(found.amount),
        status=text(row, "state").lower(),
        reference=optional_text(row, "merchantTxId"),
        fee=found.fee,
        fee_code=found.code if found.fee else "",
    )


def _statement_kind(found: GatewayMove) -> str:
    if found.amount > 0:
        is_back = found.origin_ref and found.kind is not TransactionKind.DEPOSIT
        return "reversal" if is_back else "deposit"
    return "withdrawal" if found.kind is TransactionKind.WITHDRAWAL else "reversal"


# ---- answering -----------------------------------------------------------------------------------

_encoder = msgspec.json.Encoder(decimal_format="number")


class WrongCurrency(DomainError):
    code = "wrong_currency"
    message = "This account is kept in another currency."


def encode(document: Json) -> bytes:
    """Decimals become plain JSON numbers with every digit they have."""
    return _encoder.encode(document)


def refusal(user_id: str, error: DomainError) -> Json:
    """HTTP 200 and `success: false`, always with a number; nothing about anybody."""
    code = error.limit if isinstance(error, DepositRefused) else error.code
    number = ERROR_CODES.get(code) or ERROR_CODES.get(error.code) or REFUSED
    return failure(user_id, number, code.replace("_", " "))


def failure(user_id: str, number: str, words: str) -> Json:
    return {"userId": user_id, "success": False, "errCode": number, "errMsg": words}


def answer(action: str, user_id: str, outside_ref: str, verdict: Verdict) -> Json:
    """The answer to `authorize`, `transfer` or `cancel`."""
    if verdict.refusal is not None:
        return refusal(user_id, verdict.refusal)
    found: Json = {"userId": user_id, "success": True}
    if action == "authorize":
        found |= {"authCode": verdict.receipt, "merchantTxId": verdict.receipt}
    elif action == "transfer":
        found |= {"txId": outside_ref, "merchantTxId": verdict.receipt}
    return found


def payer(user_id: str, who: Payer, *, with_person: bool) -> Json:
    """The answer to `verifyuser` and `lookupuser`; with_person: only for a live session."""
    found: Json = {
        "userId": user_id,
        "success": True,
        "balance": max(who.balance.major, Decimal(0)),
        "balanceCy": who.balance.currency.code,
        "userCat": f"RANK_{who.rank}",
        "kycStatus": "Approved" if who.kyc_level else "Pending",
        "sex": "UNKNOWN",
        "country": alpha_3(who.country),
        "locale": f"en_{who.country}",
    }
    if with_person:
        found |= {
            "firstName": who.first_name,
            "lastName": who.last_name,
            "email": who.email,
            "dob": who.born_on.isoformat(),
        }
    return found


def alpha_3(country: str) -> str:
    """Their three letters of a country we know by two; empty when Unicode's list has none."""
    return _ALPHA_3.get(country, "")


def _letters() -> dict[str, str]:
    """From Unicode's list of other spellings; a code that has left ISO 3166 stands in it too."""
    aliases = get_global("territory_aliases")
    gone = {
        "BUR",
        "CSK",
        "DDR",
        "FXX",
        "NTZ",
        "QUU",
        "ROM",
        "SCG",
        "SUN",
        "TMP",
        "YMD",
        "YUG",
        "ZAR",
    }
    return {
        found[0]: code
        for code, found in aliases.items()
        if len(code) == 3 and code.isalpha() and code not in gone and len(found) == 1
    }


_ALPHA_3 = _letters()
