"""What takes two people about staff: a role, and emergency access for hours.

Who proposes a role (an administrator) is of another role than who approves it (compliance).
"""

from apps.accounts.models import User
from apps.audit.models import Proposal
from apps.audit.proposals import Act, Content, Person, propose, register
from apps.core.errors import Forbidden, InvalidInput, NotFound
from apps.operator import emergency, roles, services
from apps.operator.errors import NotYourself, RoleGiven


def _role_facts(content: Content) -> list[tuple[str, str]]:
    return [
        ("Member of staff", content["email"]),
        ("Role now", content["before"] or "none"),
        ("Role then", content["role"]),
    ]


def _give_role(proposal: Proposal, by: Person) -> Content:
    content = proposal.content
    services.set_role(
        user_id=content["user"],
        role=content["role"],
        by=_user(by),
        reason=f"{proposal.reason} (proposed by {proposal.maker}, {proposal.public_id})",
    )
    return {"role": content["role"]}


ROLE = register(
    Act(
        name="staff.role",
        title="Give a role",
        propose="operator.manage_staff",
        approve="operator.approve_staff",
        facts=_role_facts,
        carry_out=_give_role,
    )
)


def propose_role(*, user_id: int, role: str, by: User, reason: str) -> Proposal:
    """Ask that somebody gets a role. Raises NotFound, InvalidInput, NotYourself, RoleGiven,
    NotPermitted, AlreadyProposed.
    """
    user = User.objects.filter(pk=user_id, is_staff=True).first()
    if user is None:
        raise NotFound
    if role not in roles.PERMISSIONS:
        raise InvalidInput(fields={"role": "There is no such role."})
    if user.pk == by.pk:
        raise NotYourself
    before = services.role_of(user)
    if before == role:
        raise RoleGiven(fields={"role": RoleGiven.message})
    return propose(
        ROLE,
        by=by,
        content={"user": user.pk, "email": user.email, "before": before, "role": role},
        reason=reason,
        title=f"Role {role} for {user.email}",
        subject=user,
    )


def _emergency_facts(content: Content) -> list[tuple[str, str]]:
    return [
        ("Who gets in", content["email"]),
        ("Their role", content["role"]),
        ("For", f"{content['hours']} hours from the approval"),
        ("They may then", "read everything; stop payouts, games and players; replay what failed"),
    ]


def _open_emergency(proposal: Proposal, by: Person) -> Content:
    opened = emergency.open_access(
        user_id=proposal.content["user"],
        hours=proposal.content["hours"],
        given_by=_user(by),
        reason=proposal.reason,
    )
    return {"until": opened.until.isoformat(timespec="seconds")}


EMERGENCY = register(
    Act(
        name="staff.emergency",
        title="Emergency access",
        propose="operator.ask_emergency",
        approve="operator.approve_emergency",
        facts=_emergency_facts,
        carry_out=_open_emergency,
        hours=4,
    )
)


def ask_for_emergency(*, by: User, hours: int, reason: str) -> Proposal:
    """Ask for emergency access for oneself. Raises InvalidInput, NotPermitted, AlreadyProposed."""
    if not 1 <= hours <= emergency.HOURS_MAX:
        raise InvalidInput(fields={"hours": f"Between 1 and {emergency.HOURS_MAX} hours."})
    return propose(
        EMERGENCY,
        by=by,
        content={
            "user": by.pk,
            "email": by.email,
            "role": services.role_of(by),
            "hours": hours,
        },
        reason=reason,
        title=f"Emergency access for {by.email}",
        subject=by,
    )


def _user(by: Person) -> User:
    if not isinstance(by, User):
        raise Forbidden
    return by
