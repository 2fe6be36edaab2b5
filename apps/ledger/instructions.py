"""What the journal is told to do, and the signature over it."""

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.audit import keys
from apps.core.money import Money


@dataclass(frozen=True, slots=True)
class Post:
    """Move `amount` (its sign is the wallet's) between a wallet and a house account.

    outside_id: unique within the partner, for ever.
    mask: bits of `Wallet.blocks` that refuse it. gated: the caller's gate applies to it too.
    """

    wallet_id: int
    partner_id: int
    outside_id: str
    kind: int
    amount: Money
    account_id: int
    round_ref: str | None = None
    source_id: int | None = None
    closes_round: bool = False
    mask: int = 0
    gated: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """Reverse the bet or win that `target` names; a tombstone when it has not come yet."""

    wallet_id: int
    partner_id: int
    outside_id: str
    target: str
    closes_round: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move a positive `amount` between two wallets of one currency."""

    from_wallet_id: int
    to_wallet_id: int
    partner_id: int
    outside_id: str
    kind: int
    amount: Money
    account_id: int
    source_id: int | None = None
    mask: int = 0


class Status(StrEnum):
    APPLIED = "applied"
    DUPLICATE = "duplicate"
    TOMBSTONE = "tombstone"
    ALREADY_REVERSED = "already_reversed"
    CONFLICT = "conflict"
    NO_FUNDS = "no_funds"
    BLOCKED = "blocked"
    NO_WALLET = "no_wallet"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the journal did. `balance` is the wallet's now; `balance_after` the first answer's.

    Decimals of major units with 18 places; `reason` is the gate's word when it refused.
    """

    status: Status
    balance: Decimal | None
    entry_id: int | None
    balance_after: Decimal | None
    version: int | None
    reason: str = ""


def amount_text(amount: Decimal) -> str:
    """The one spelling of an amount in signatures and links: 18 decimals, as PostgreSQL prints."""
    return f"{amount:.18f}"


def post_mac(
    *,
    wallet_id: int,
    partner_id: int,
    outside_id: str,
    kind: int,
    amount: Decimal,
    account_id: int,
    round_ref: str | None,
    source_id: int | None,
    closes_round: bool,
    key_id: int,
) -> bytes:
    return _sign(
        key_id,
        "post",
        wallet_id,
        partner_id,
        outside_id,
        kind,
        amount_text(amount),
        account_id,
        round_ref,
        source_id,
        closes_round,
    )


def undo_mac(
    *,
    wallet_id: int,
    partner_id: int,
    outside_id: str,
    target: str,
    closes_round: bool,
    key_id: int,
) -> bytes:
    return _sign(key_id, "undo", wallet_id, partner_id, outside_id, target, closes_round)


# One encoder for all: `json.dumps` makes a new one for every call with separators.
_as_json = json.JSONEncoder(separators=(",", ":")).encode


def _sign(key_id: int, *parts: object) -> bytes:
    # JSON keeps the parts apart whatever characters an outside id holds.
    return keys.sign(_as_json(parts).encode(), key_id)
