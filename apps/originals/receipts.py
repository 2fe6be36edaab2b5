"""Signed receipts of bets, and the check of one from what it says alone.

What is signed is everything known when the bet ended: the commitment shown before it, the choice, the
result and the money. The server seed joins beside it once its pair was rotated, because its hash is in
the signed part already. In crash that seed is the link of the round, public when the round is over.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.audit import signatures
from apps.core.errors import DomainError, InvalidInput
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.originals import selectors
from apps.originals.fairness import crash as curve
from apps.originals.fairness import tables
from apps.originals.fairness.draws import Draws, SharedDraw, commitment
from apps.originals.models import Bet
from apps.originals.rules import RULES

PURPOSE = b"originals-bet\n"
RECEIPT_BYTES_MAX = 64 * 1024
LATER = "server_seed"
LINKS_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was checked. passed: None where it cannot be known yet."""

    name: str
    passed: bool | None
    said: str


def receipt(bet: Bet) -> dict[str, Any]:
    """A bet as its player may keep it and show it to anybody."""
    proof = selectors.proof(bet)
    seed = proof.pop(LATER)
    proof["placed_at"] = bet.created_at.isoformat()
    key_id, signature = signatures.sign(message(proof))
    return {
        "receipt": proof,
        "key_id": key_id,
        "public_key": signatures.public_keys()[key_id].hex(),
        "signature": signature.hex(),
        LATER: seed,
    }


def message(proof: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: a line that says what they are, then canonical JSON."""
    text = json.dumps(proof, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return PURPOSE + text.encode()


def read(text: bytes) -> dict[str, Any]:
    """A receipt from a file. Raises InvalidInput."""
    try:
        found = json.loads(text[:RECEIPT_BYTES_MAX])
    except (ValueError, RecursionError):
        raise InvalidInput("This is not a receipt: it is not JSON.") from None
    if not isinstance(found, dict) or not isinstance(found.get("receipt"), dict):
        raise InvalidInput("This is not a receipt of a bet.")
    return found


def check(found: Mapping[str, Any]) -> list[Step]:
    """Signature, commitment, result and payout of a receipt, from the receipt and our public keys."""
    proof: dict[str, Any] = found["receipt"]
    seed = found.get(LATER) or ""
    steps = [_signature(found, proof)]
    if not seed:
        waits = "The seed is sealed until its player rotates the pair."
        return [*steps, *(Step(name, None, waits) for name in ("commitment", "result", "payout"))]
    try:
        return [*steps, *_replayed(proof, str(seed))]
    except (KeyError, TypeError, ValueError, DomainError) as error:
        return [*steps, Step("result", False, f"The receipt cannot be worked out: {error}.")]


def _of_chain(proof: Mapping[str, Any], link: str) -> Step:
    """Whether the link of a crash round leads back to what was published before the salt."""
    number = int(proof["nonce"])
    if not 0 < number <= LINKS_MAX:
        return Step("chain", False, "No chain has this round.")
    first = curve.walk_back(link, number)
    said = f"{number} steps back lies {first}; published was {proof['chain']}."
    return Step("chain", first == proof["chain"], said)


def _signature(found: Mapping[str, Any], proof: Mapping[str, Any]) -> Step:
    try:
        genuine = signatures.verify(
            message(proof),
            key_id=int(found["key_id"]),
            signature=bytes.fromhex(found["signature"]),
        )
    except (KeyError, TypeError, ValueError):
        genuine = False
    said = "We signed it." if genuine else "We did not sign this, or it was changed since."
    return Step("signature", genuine, said)


def _replayed(proof: Mapping[str, Any], seed: str) -> list[Step]:
    hashed = commitment(seed)
    steps = [
        Step(
            "commitment",
            hashed == proof["commitment"],
            f"SHA-256 of the seed is {hashed}; promised was {proof['commitment']}.",
        )
    ]
    if proof["table_version"] != tables.VERSION:
        return [*steps, Step("result", False, "Its pay table is not one we have.")]
    rule = RULES[proof["game"]]
    draws = Draws(seed, proof["client_seed"], proof["nonce"])
    if rule.is_shared:
        draws = SharedDraw(seed, proof["client_seed"])
        steps.append(_of_chain(proof, seed))
    outcome = rule.play(draws, rule.read(proof["choice"]), proof["actions"])
    steps.append(
        Step(
            "result",
            outcome.detail == proof["detail"],
            f"The seeds give {json.dumps(outcome.detail)}.",
        )
    )
    its = currency(proof["currency"])
    cap = Money.parse(proof["win_max"], its)
    base = Money.parse(proof["base_stake"], its)
    due = (
        Money(min(outcome.pays(base.units), cap.units), its)
        if not outcome.is_open
        else Money.zero(its)
    )
    paid = Money.parse(proof["payout"], its)
    if proof["state"] == Bet.State.REFUNDED:
        steps.append(Step("payout", not paid.units, "The stake was given back."))
    else:
        steps.append(Step("payout", due == paid, f"Due {due}, paid {paid}."))
    return steps
