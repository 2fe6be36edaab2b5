"""The demo's own jackpot: four levels over all games, opened by two people before anybody plays."""

from typing import Any

from apps.accounts.models import User
from apps.audit import proposals
from apps.jackpots import acts
from apps.jackpots.models import Jackpot

CODE, NAME = "house", "House jackpot"
REASON = "Opened with the demo"


def _level(code: str, share_bps: int, seed: str, high: str, **fields: Any) -> dict[str, Any]:
    usual = {"kind": "amount", "low": "0", "hours": 0, "mean": "0"}
    return {
        "code": code,
        "name": code.title(),
        "share_bps": share_bps,
        "seed": seed,
        "high": high,
        **usual,
        **fields,
    }


# The smallest drops every few rounds, so that a visitor sees one.
RULES: dict[str, Any] = {
    "contribution": "0.01",
    "reserve": "0.1",
    "stake_min": "0.01",
    "needs_opt_in": False,
    "rank_min": 0,
    "partners": [],
    "games": [],
    "currencies": [],
    "countries": [],
    "levels": [
        _level("mini", 5000, "1.00", "1.50", low="1.05"),
        _level("minor", 2500, "25.00", "500.00", kind="chance", mean="5000"),
        _level("major", 1500, "100.00", "1000.00", kind="time", hours=24),
        _level("grand", 1000, "1000.00", "10000.00", low="2000.00"),
    ],
}


def open_jackpot(*, finance: User, administrator: User) -> None:
    if Jackpot.objects.filter(code=CODE).exists():
        return
    proposal = acts.propose_jackpot(code=CODE, name=NAME, content=RULES, reason=REASON, by=finance)
    proposals.approve(
        proposal.public_id, by=administrator, reason=REASON, seen_hash=proposal.content_hash
    )
