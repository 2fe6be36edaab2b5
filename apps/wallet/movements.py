"""Every way money can move, on one page. Nothing else posts to the journal.

Each takes a key (the outside id): the same key again moves nothing and gets the first answer, the
same key with other content raises KeyConflict. Raises InsufficientFunds, WalletBlocked,
PlayRefused, LimitReached, NoWallet; then nothing was changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.accounts.people import house
from apps.audit import node_clock
from apps.core.money import Currency, Money
from apps.ledger import services as ledger
from apps.ledger.instructions import Answer, Post, Status, Transfer, Undo
from apps.ledger.models import Block, Kind, Purse
from apps.ledger.selectors import account_id, currency_id, partner_id
from apps.ledger.services import OPEN, Gate, ListRefused
from apps.wallet.errors import (
    InsufficientFunds,
    KeyConflict,
    LimitReached,
    NoWallet,
    PlayRefused,
    WalletBlocked,
)

__all__ = ["OPEN", "Bet", "Gate", "Result", "Rollback", "Win"]

# The word of a node that is too far off to take bets (apps/audit/node_clock.py).
CLOCK_IS_OFF = Gate("'clock'::text")


@dataclass(frozen=True, slots=True)
class Bet:
    """A stake. amount: positive. session_id: the game session it belongs to."""

    key: str
    amount: Money
    round_ref: str
    session_id: int | None
    closes_round: bool = False


@dataclass(frozen=True, slots=True)
class Win:
    """A result of a round, credited whatever the player's status is now. amount: may be zero."""

    key: str
    amount: Money
    round_ref: str
    session_id: int | None
    closes_round: bool = False


@dataclass(frozen=True, slots=True)
class Rollback:
    """Undo the bet or win with key `target`; always succeeds, before its target too."""

    key: str
    target: str
    closes_round: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """status: applied, duplicate, tombstone (a no-op for ever) or already_reversed.

    balance: the wallet's now. balance_after: right after the first time this key was applied.
    """

    status: Status
    balance: Money
    entry_id: int | None
    balance_after: Money | None


def play(
    operations: Sequence[Bet | Win | Rollback],
    *,
    partner: str,
    wallet_id: int,
    currency: Currency,
    gate: Gate = OPEN,
) -> list[Result]:
    """Apply the actions of one game callback in order, all or nothing, in one round trip.

    gate: asked for bets only, in the same statement; its word comes back in PlayRefused. A node
    whose clock is off refuses every new bet: `clock`.
    """
    if not node_clock.takes_bets():
        gate = CLOCK_IS_OFF
    instructions = [_instruction(operation, partner, wallet_id) for operation in operations]
    try:
        answers = ledger.apply(instructions, gate)
    except ListRefused as refused:
        answers = [refused.answer]
    return [_result(answer, currency) for answer in answers]


def free_spins_won(
    *, partner: str, wallet_id: int, amount: Money, key: str, source_id: int | None = None
) -> Result:
    """Credit what a round of free spins won; the house pays for it."""
    return _single(
        Post(
            wallet_id=wallet_id,
            partner_id=partner_id(partner),
            outside_id=key,
            kind=Kind.FREE_SPINS_WIN,
            amount=amount,
            account_id=account_id("bonus_expense"),
            source_id=source_id,
        )
    )


def promo_won(*, partner: str, wallet_id: int, amount: Money, key: str) -> Result:
    """Credit a prize that a game partner announces (tournament, prize drop)."""
    return _single(
        Post(
            wallet_id=wallet_id,
            partner_id=partner_id(partner),
            outside_id=key,
            kind=Kind.PROMO_WIN,
            amount=amount,
            account_id=account_id("promo_expense"),
        )
    )


def deposit_confirmed(
    *, partner: str, wallet_id: int, amount: Money, key: str, deposit_id: int
) -> Result:
    """Credit a deposit that the payment partner has made final."""
    return _single(
        Post(
            wallet_id=wallet_id,
            partner_id=partner_id(partner),
            outside_id=key,
            kind=Kind.DEPOSIT,
            amount=_positive(amount),
            account_id=account_id(f"payment_clearing:{partner}"),
            source_id=deposit_id,
        )
    )


def withdrawal_reserved(*, player_id: int, amount: Money, key: str, withdrawal_id: int) -> Result:
    """Set money aside: out of cash, into the reserved purse."""
    return _between_purses(
        player_id, Purse.CASH, Purse.RESERVED, Kind.WITHDRAWAL_RESERVED, amount, key,
        withdrawal_id, mask=Block.WITHDRAW,
    )  # fmt: skip


def withdrawal_released(*, player_id: int, amount: Money, key: str, withdrawal_id: int) -> Result:
    """Give reserved money back to cash: the withdrawal was refused or failed for good."""
    return _between_purses(
        player_id, Purse.RESERVED, Purse.CASH, Kind.WITHDRAWAL_RELEASED, amount, key,
        withdrawal_id, mask=0,
    )  # fmt: skip


def withdrawal_paid(
    *,
    partner: str,
    player_id: int,
    amount: Money,
    key: str,
    withdrawal_id: int,
    fee: Money | None = None,
) -> Result:
    """Let reserved money leave: the payment partner has sent it.

    amount: all that was reserved, of which `fee` stays in the house.
    """
    wallet_id = _wallet(player_id, amount.currency, Purse.RESERVED)
    fee = fee or Money.zero(amount.currency)
    paid = Post(
        wallet_id=wallet_id,
        partner_id=partner_id("casino"),
        outside_id=key,
        kind=Kind.WITHDRAWAL_PAID,
        amount=-_positive(amount - fee),
        account_id=account_id(f"payment_clearing:{partner}"),
        source_id=withdrawal_id,
    )
    if fee.units == 0:
        return _single(paid)
    charged = Post(
        wallet_id=wallet_id,
        partner_id=partner_id("casino"),
        outside_id=f"{key}:fee",
        kind=Kind.FEE,
        amount=-_positive(fee),
        account_id=account_id("fees"),
        source_id=withdrawal_id,
    )
    return _together([paid, charged], [amount.currency, amount.currency])[0]


def withdrawal_forced(
    *, partner: str, player_id: int, amount: Money, key: str, withdrawal_id: int
) -> Result:
    """Take a payout that left though its reserve had been given back; may leave a debt."""
    return _forced(
        _wallet(player_id, amount.currency, Purse.CASH), Kind.WITHDRAWAL_PAID, partner, amount, key,
        withdrawal_id,
    )  # fmt: skip


def withdrawal_returned(
    *, partner: str, player_id: int, amount: Money, key: str, withdrawal_id: int
) -> Result:
    """Credit a payout that had left and came back."""
    return _single(
        Post(
            wallet_id=_wallet(player_id, amount.currency, Purse.CASH),
            partner_id=partner_id(partner),
            outside_id=key,
            kind=Kind.WITHDRAWAL_RETURNED,
            amount=_positive(amount),
            account_id=account_id(f"payment_clearing:{partner}"),
            source_id=withdrawal_id,
        )
    )


def deposit_reversed(
    *, partner: str, player_id: int, amount: Money, key: str, deposit_id: int
) -> Result:
    """Take back a deposit that was charged back or reversed; may leave a debt."""
    return _forced(
        _wallet(player_id, amount.currency, Purse.CASH), Kind.DEPOSIT_REVERSED, partner, amount,
        key, deposit_id,
    )  # fmt: skip


def deposit_held(
    *, partner: str, player_id: int, amount: Money, key: str, deposit_id: int
) -> Result:
    """Book a final deposit that may not be played yet: it waits in the held purse."""
    return deposit_confirmed(
        partner=partner,
        wallet_id=_wallet(player_id, amount.currency, Purse.HELD),
        amount=amount,
        key=key,
        deposit_id=deposit_id,
    )


def deposit_released(*, player_id: int, amount: Money, key: str, deposit_id: int) -> Result:
    """Let a held deposit into cash."""
    return _between_purses(
        player_id, Purse.HELD, Purse.CASH, Kind.DEPOSIT_RELEASED, amount, key, deposit_id, mask=0
    )


def deposit_refunded(
    *, partner: str, player_id: int, amount: Money, key: str, deposit_id: int
) -> Result:
    """Send a held deposit back to where it came from."""
    return _single(
        Post(
            wallet_id=_wallet(player_id, amount.currency, Purse.HELD),
            partner_id=partner_id("casino"),
            outside_id=key,
            kind=Kind.DEPOSIT_REFUNDED,
            amount=-_positive(amount),
            account_id=account_id(f"payment_clearing:{partner}"),
            source_id=deposit_id,
        )
    )


def exchanged(
    *, player_id: int, sold: Money, bought: Money, spread: Money, key: str, quote_id: int
) -> tuple[Result, Result]:
    """Sell one currency for another: what each wallet holds afterwards, sold first.

    bought: at the middle rate. spread: the part of it that stays in the house. All or nothing.
    """
    casino, conversion = partner_id("casino"), account_id("conversion")
    from_wallet = _wallet(player_id, sold.currency, Purse.CASH)
    to_wallet = _wallet(player_id, bought.currency, Purse.CASH)
    posts = [
        Post(
            wallet_id=from_wallet,
            partner_id=casino,
            outside_id=f"{key}:sold",
            kind=Kind.EXCHANGE_SOLD,
            amount=-_positive(sold),
            account_id=conversion,
            source_id=quote_id,
            mask=Block.WITHDRAW,
        ),
        Post(
            wallet_id=to_wallet,
            partner_id=casino,
            outside_id=f"{key}:bought",
            kind=Kind.EXCHANGE_BOUGHT,
            amount=_positive(bought),
            account_id=conversion,
            source_id=quote_id,
        ),
    ]
    if spread.units:
        posts.append(
            Post(
                wallet_id=to_wallet,
                partner_id=casino,
                outside_id=f"{key}:spread",
                kind=Kind.EXCHANGE_SPREAD,
                amount=-_positive(spread),
                account_id=account_id("conversion_spread"),
                source_id=quote_id,
            )
        )
    results = _together(posts, [sold.currency, bought.currency, bought.currency])
    return results[0], results[-1]


def vault_put(*, player_id: int, amount: Money, key: str) -> Result:
    """Out of cash into the vault, where it cannot be staked."""
    return _between_purses(
        player_id, Purse.CASH, Purse.VAULT, Kind.VAULT_PUT, amount, key, None, mask=0
    )


def vault_taken(*, player_id: int, amount: Money, key: str) -> Result:
    """Out of the vault into cash."""
    return _between_purses(
        player_id, Purse.VAULT, Purse.CASH, Kind.VAULT_TAKEN, amount, key, None, mask=0
    )


def adjusted(*, player_id: int, amount: Money, key: str, adjustment_id: int) -> Result:
    """Correct a balance by an amount of either sign that two people have agreed on."""
    if amount.units == 0:
        raise ValueError("A correction of nothing.")
    return _single(
        Post(
            wallet_id=_wallet(player_id, amount.currency, Purse.CASH),
            partner_id=partner_id("casino"),
            outside_id=key,
            kind=Kind.ADJUSTMENT,
            amount=amount,
            account_id=account_id("adjustment"),
            source_id=adjustment_id,
        )
    )


def jackpot_funded(*, pot: Money, reserve: Money, key: str, level_id: int) -> None:
    """Set aside what a jackpot level has grown by since the last time, at the house's expense.

    pot: for who will win it. reserve: for its next seeds. Of either sign: what was rolled back or
    taken out of the reserve goes the other way.
    """
    sides = [
        ("jackpot_expense", pot + reserve),
        ("jackpot", -pot),
        ("jackpot_reserve", -reserve),
    ]
    _through_the_house(Kind.JACKPOT_FUNDED, sides, key, level_id)


def jackpot_won(
    *, player_id: int, pot: Money, prize: Money, key: str, level_id: int, win_id: int
) -> Result:
    """Pay a jackpot to who won it. pot: what it cost, in the base currency. prize: what is paid.

    Two movements in two currencies, all or nothing; what both are worth is the caller's to say.
    """
    _positive(pot)
    ledger.lock_wallets(
        [
            _wallet(house().pk, pot.currency, Purse.CASH),
            _wallet(player_id, prize.currency, Purse.CASH),
        ]
    )
    _through_the_house(
        Kind.JACKPOT_PAID, [("jackpot", pot), ("conversion", -pot)], f"{key}:pot", level_id
    )
    return _single(
        Post(
            wallet_id=_wallet(player_id, prize.currency, Purse.CASH),
            partner_id=partner_id("casino"),
            outside_id=key,
            kind=Kind.JACKPOT_WIN,
            amount=_positive(prize),
            account_id=account_id("conversion"),
            source_id=win_id,
        )
    )


def _through_the_house(
    kind: Kind, sides: Sequence[tuple[str, Money]], key: str, source_id: int
) -> None:
    """Move money between accounts of the house: in and out of a wallet that ends at zero.

    sides: what its wallet gets from each account.
    """
    moving = sorted((side for side in sides if side[1]), key=lambda side: -side[1].units)
    if not moving:
        return
    wallet_id = _wallet(house().pk, moving[0][1].currency, Purse.CASH)
    posts = [
        Post(
            wallet_id=wallet_id,
            partner_id=partner_id("casino"),
            outside_id=f"{key}:{account}",
            kind=kind,
            amount=amount,
            account_id=account_id(account),
            source_id=source_id,
        )
        for account, amount in moving
    ]
    _together(posts, [post.amount.currency for post in posts])


def _instruction(operation: Bet | Win | Rollback, partner: str, wallet_id: int) -> Post | Undo:
    if isinstance(operation, Rollback):
        return Undo(
            wallet_id=wallet_id,
            partner_id=partner_id(partner),
            outside_id=operation.key,
            target=operation.target,
            closes_round=operation.closes_round,
        )
    is_bet = isinstance(operation, Bet)
    if operation.amount.units < 0:
        raise ValueError("Stakes and wins are not negative.")
    return Post(
        wallet_id=wallet_id,
        partner_id=partner_id(partner),
        outside_id=operation.key,
        kind=Kind.BET if is_bet else Kind.WIN,
        amount=-operation.amount if is_bet else operation.amount,
        account_id=account_id("game_result"),
        round_ref=operation.round_ref,
        source_id=operation.session_id,
        closes_round=operation.closes_round,
        mask=Block.PLAY | Block.LIMITED if is_bet else 0,
        gated=is_bet,
    )


def _between_purses(
    player_id: int,
    source: Purse,
    target: Purse,
    kind: Kind,
    amount: Money,
    key: str,
    source_id: int | None,
    *,
    mask: int,
) -> Result:
    answer = ledger.transfer(
        Transfer(
            from_wallet_id=_wallet(player_id, amount.currency, source),
            to_wallet_id=_wallet(player_id, amount.currency, target),
            partner_id=partner_id("casino"),
            outside_id=key,
            kind=kind,
            amount=_positive(amount),
            account_id=account_id("purse_transfer"),
            source_id=source_id,
            mask=mask,
        )
    )
    return _result(answer, amount.currency)


def _forced(
    wallet_id: int, kind: Kind, partner: str, amount: Money, key: str, source_id: int
) -> Result:
    answer = ledger.force(
        Post(
            wallet_id=wallet_id,
            partner_id=partner_id(partner),
            outside_id=key,
            kind=kind,
            amount=-_positive(amount),
            account_id=account_id(f"payment_clearing:{partner}"),
            source_id=source_id,
        )
    )
    return _result(answer, amount.currency)


def _together(posts: list[Post], currencies: list[Currency]) -> list[Result]:
    """All or nothing, in order."""
    try:
        answers = ledger.apply(posts)
    except ListRefused as refused:
        _result(refused.answer, currencies[refused.place])
        raise
    return [_result(answer, of) for answer, of in zip(answers, currencies, strict=False)]


def _single(instruction: Post) -> Result:
    return _result(ledger.apply([instruction])[0], instruction.amount.currency)


def _wallet(player_id: int, of: Currency, purse: Purse) -> int:
    return ledger.open_wallet(player_id=player_id, currency_id=currency_id(of.code), purse=purse)


def _positive(amount: Money) -> Money:
    if amount.units <= 0:
        raise ValueError("This movement needs a positive amount.")
    return amount


def _result(answer: Answer, of: Currency) -> Result:
    balance = Money.from_major(answer.balance, of) if answer.balance is not None else None
    match answer.status:
        case Status.NO_WALLET:
            raise NoWallet
        case Status.NO_FUNDS:
            raise _with_balance(InsufficientFunds(), balance)
        case Status.BLOCKED:
            raise _with_balance(WalletBlocked(), balance)
        case Status.CONFLICT:
            raise _with_balance(KeyConflict(), balance)
        case Status.REFUSED if answer.reason in LimitReached.WORDS:
            raise _with_balance(LimitReached(answer.reason), balance)
        case Status.REFUSED:
            refused = PlayRefused()
            refused.reason = answer.reason
            raise _with_balance(refused, balance)
    if balance is None:
        raise NoWallet
    after = answer.balance_after
    return Result(
        status=answer.status,
        balance=balance,
        entry_id=answer.entry_id,
        balance_after=Money.from_major(after, of) if after is not None else None,
    )


Refusal = InsufficientFunds | WalletBlocked | PlayRefused | LimitReached | KeyConflict


def _with_balance(error: Refusal, balance: Money | None) -> Refusal:
    error.balance = balance
    return error
