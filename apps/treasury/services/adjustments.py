"""Correcting a player's balance: always two people, always in the journal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from apps.accounts.models import Player
from apps.audit import proposals
from apps.audit import services as audit
from apps.audit.models import Proposal
from apps.audit.proposals import Act, Person
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.core.money import Money
from apps.events.bus import publish
from apps.ledger import selectors as ledger
from apps.treasury.errors import NothingToDo
from apps.treasury.events import BalanceAdjusted
from apps.treasury.models import Adjustment
from apps.wallet import movements
from apps.wallet.selectors import balance

WORDS_MAX = 160


def propose_adjustment(
    *, player_id: int, amount: Money, reason: str, evidence: str, words: str, note: str, by: Person
) -> Proposal:
    """Ask for a correction of a player's cash.

    amount: above zero the player gets it. reason: one of `Adjustment.Reason`. words: what the
    player reads. note: why, for whoever decides.
    Raises NotFound, InvalidInput, NotPermitted, AlreadyProposed (one at a time per player).
    """
    player = Player.objects.filter(pk=player_id).first()
    if player is None:
        raise NotFound
    if not amount:
        raise NothingToDo(fields={"amount": NothingToDo.message})
    if reason not in Adjustment.Reason.values:
        raise InvalidInput(fields={"reason_code": "Choose one of the reasons."})
    if not evidence.strip():
        raise InvalidInput(fields={"evidence": "Say what proves it: a ticket, a callback, a log."})
    if not words.strip() or len(words) > WORDS_MAX:
        raise InvalidInput(fields={"words": f"Give the player a reason, up to {WORDS_MAX} signs."})
    held = balance(player.pk, amount.currency).cash
    return proposals.propose(
        ADJUST,
        by=by,
        title=f"{_signed(amount)} for {player.display_name}",
        content={
            "player_id": player.pk,
            "player": player.display_name,
            "amount": amount.text,
            "currency": amount.currency.code,
            "reason": reason,
            "words": words.strip(),
            # For the page that decides; what counts is the balance when it happens.
            "balance_then": held.text,
        },
        reason=note,
        evidence=evidence,
        subject=player,
    )


def _carry_out(proposal: Proposal, by: Person) -> Mapping[str, Any]:
    content = proposal.content
    of = ledger.currency(content["currency"])
    amount = Money.from_major(Decimal(content["amount"]), of)
    adjustment = Adjustment.objects.create(
        player_id=content["player_id"],
        currency_id=of.code,
        amount=amount.major,
        reason=content["reason"],
        evidence=proposal.evidence,
        words=content["words"],
        proposal=proposal,
        made_at=now(),
    )
    result = movements.adjusted(
        player_id=adjustment.player_id,
        amount=amount,
        key=f"adjustment:{adjustment.pk}",
        adjustment_id=adjustment.pk,
    )
    # The balance right after it, and so right before it, under the lock of the wallet.
    after = result.balance_after or result.balance
    adjustment.entry_id = result.entry_id
    adjustment.balance_after = after.major
    adjustment.balance_before = (after - amount).major
    adjustment.save(update_fields=["entry_id", "balance_after", "balance_before"])
    audit.record(
        "balance.adjusted",
        actor=by,
        subject=adjustment,
        before={"balance": (after - amount).text},
        after={
            "balance": after.text,
            "amount": amount.text,
            "currency": of.code,
            "player_id": adjustment.player_id,
            "entry_id": adjustment.entry_id,
            "proposed_by": proposal.maker_id,
        },
        reason=adjustment.reason,
    )
    publish(
        BalanceAdjusted(
            player_id=adjustment.player_id,
            adjustment_id=adjustment.pk,
            amount=amount.text,
            currency=of.code,
            words=adjustment.words,
        )
    )
    return {
        "adjustment": adjustment.public_id,
        "entry_id": adjustment.entry_id,
        "balance_before": (after - amount).text,
        "balance_after": after.text,
    }


def _facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    of = ledger.currency(content["currency"])
    amount = Money.from_major(Decimal(content["amount"]), of)
    held = balance(content["player_id"], of).cash
    return [
        ("Player", content["player"]),
        ("Correction", _signed(amount)),
        ("Balance now", str(held)),
        ("Balance afterwards", str(held + amount)),
        ("Reason", Adjustment.Reason(content["reason"]).label),
        ("The player reads", content["words"]),
    ]


def _signed(amount: Money) -> str:
    return f"+{amount}" if amount.units > 0 else str(amount)


ADJUST = proposals.register(
    Act(
        name="adjustment",
        title="Correct a balance",
        propose="treasury.propose_adjustment",
        approve="treasury.approve_adjustment",
        facts=_facts,
        carry_out=_carry_out,
    )
)
