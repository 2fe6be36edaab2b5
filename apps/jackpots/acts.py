"""What takes two people: a jackpot, its rules, and a win that is not paid."""

from collections.abc import Mapping
from typing import Any

from apps.audit import proposals
from apps.audit.models import Proposal
from apps.audit.proposals import Act, Person
from apps.core.errors import InvalidInput
from apps.jackpots import payouts, rules, services
from apps.jackpots.errors import NotOpenForThat, RulesRefused, WinNotHeld
from apps.jackpots.models import Jackpot, Win
from apps.jackpots.words import describe

Content = Mapping[str, Any]


def propose_jackpot(*, code: str, name: str, content: Content, reason: str, by: Person) -> Proposal:
    """Ask for a new jackpot. Raises RulesRefused, InvalidInput, NotPermitted."""
    services.check_names(code, name)
    services.check(content)
    if Jackpot.objects.filter(code=code).exists():
        raise InvalidInput(fields={"code": "There is a jackpot of this short name."})
    return proposals.propose(
        OPEN,
        by=by,
        title=f"A new jackpot: {name.strip()}",
        content={"code": code, "name": name.strip(), "rules": dict(content)},
        reason=reason,
    )


def propose_version(*, jackpot: Jackpot, content: Content, reason: str, by: Person) -> Proposal:
    """Ask for new rules. The levels stay; a cycle that runs keeps its secret and its maximum.

    Raises RulesRefused, NotPermitted, AlreadyProposed (one at a time per jackpot).
    """
    services.check(content)
    newest = services.newest(jackpot)
    services.same_levels(newest, content)
    if newest.content == content:
        raise RulesRefused("These are the rules in force.")
    return proposals.propose(
        CHANGE,
        by=by,
        title=f"New rules for {jackpot.name}",
        content={"jackpot": jackpot.code, "after": newest.number, "rules": dict(content)},
        reason=reason,
        subject=jackpot,
    )


def propose_void(*, win: Win, reason: str, by: Person) -> Proposal:
    """Ask to put a held win back. Raises WinNotHeld, NotPermitted, AlreadyProposed."""
    if win.state != Win.State.HELD:
        raise WinNotHeld
    return proposals.propose(
        VOID,
        by=by,
        title=f"Declare {win.amount_money} of {win.level.name} void",
        content={
            "win_id": win.pk,
            "win": win.public_id,
            "player": win.player.display_name,
            "amount": str(win.amount_money),
            "held_for": win.held_for,
        },
        reason=reason,
        subject=win,
    )


def _carry_out_open(proposal: Proposal, by: Person) -> Content:
    content = proposal.content
    jackpot = services.open_jackpot(
        code=content["code"],
        name=content["name"],
        content=content["rules"],
        by=by,
        reason=proposal.reason,
    )
    return {"jackpot": jackpot.code, "entry_from": jackpot.entry_from}


def _carry_out_change(proposal: Proposal, by: Person) -> Content:
    jackpot = Jackpot.objects.select_for_update().get(code=proposal.content["jackpot"])
    if services.newest(jackpot).number != proposal.content["after"]:
        raise NotOpenForThat("Other rules came into force since this was proposed.")
    version = services.add_version(
        jackpot=jackpot, content=proposal.content["rules"], by=by, reason=proposal.reason
    )
    return {"version": version.number, "entry_from": version.entry_from}


def _carry_out_void(proposal: Proposal, by: Person) -> Content:
    win = payouts.declare_void(win_id=proposal.content["win_id"], by=by, reason=proposal.reason)
    return {"win": win.public_id, "from": win.void_from}


def _void_facts(content: Content) -> list[tuple[str, str]]:
    return [
        ("Win", content["win"]),
        ("Player", content["player"]),
        ("Amount", content["amount"]),
        ("Held for", content["held_for"]),
        ("Afterwards", "It feeds the next seeds of its level."),
    ]


def _rules_facts(content: Content) -> list[tuple[str, str]]:
    named = content.get("name") or content.get("jackpot")
    return [("Jackpot", str(named)), *describe(rules.read(content["rules"]))]


OPEN = proposals.register(
    Act(
        name="jackpot.open",
        title="Open a jackpot",
        propose="jackpots.propose_jackpot",
        approve="jackpots.approve_jackpot",
        facts=_rules_facts,
        carry_out=_carry_out_open,
    )
)
CHANGE = proposals.register(
    Act(
        name="jackpot.rules",
        title="Change the rules of a jackpot",
        propose="jackpots.propose_jackpot",
        approve="jackpots.approve_jackpot",
        facts=_rules_facts,
        carry_out=_carry_out_change,
    )
)
VOID = proposals.register(
    Act(
        name="jackpot.void",
        title="Declare a jackpot win void",
        propose="jackpots.propose_win",
        approve="jackpots.approve_win",
        facts=_void_facts,
        carry_out=_carry_out_void,
    )
)
