"""The risk desk of the demo: a small ring, an alert, a held deposit, a case, complaints, a breach.

The people of the ring register, pay in and ask for payouts as everybody does; what the desk shows
about them was found by the rules.
"""

from collections.abc import Callable
from datetime import timedelta

from apps.accounts.models import Player, User
from apps.core.clock import now
from apps.risk.models import Breach, Case, Complaint
from apps.risk.services import breaches, cases, complaints, monitoring
from apps.risk.services.breaches import Discovery
from apps.risk.services.complaints import Letter

LOOKED_AT = ("player@demo.test", "regular@demo.test")


def furnish(*, ring: list[Player], compliance: User, say: Callable[[str], None]) -> None:
    """Make what is missing. Safe to run again."""
    for player in [*Player.objects.filter(user__email__in=LOOKED_AT), *ring]:
        monitoring.look_at(player.pk)
    # Once more: the first of a ring had nobody to be linked with yet.
    for player in ring:
        monitoring.look_at(player.pk)
    _case(ring[0], compliance)
    _complaint()
    _breach(compliance)
    say("alerts, a ring of three accounts, cases, a complaint and a breach for the risk desk")


def _case(player: Player, compliance: User) -> None:
    if Case.objects.filter(player=player, kind=Case.Kind.MONITORING).exists():
        return
    case = cases.open_by_hand(
        player.pk,
        kind=Case.Kind.MONITORING.value,
        reason="Three accounts are paid out to one address",
        by=compliance,
    )
    cases.answer_item(
        case.public_id, "links", state="done", note="One address, three accounts, one evening",
        by=compliance,
    )  # fmt: skip
    cases.add_note(
        case.public_id, text="Asked the first of them whose wallet it is.", by=compliance
    )


def _complaint() -> None:
    player = Player.objects.filter(user__email="regular@demo.test").first()
    if player is None or Complaint.objects.filter(player=player).exists():
        return
    complaints.file(
        player,
        Letter(
            kind=Complaint.Kind.PAYMENT.value,
            subject="The network fee surprised me",
            text="I was told of it only on the last page. Please show it earlier.",
        ),
    )


def _breach(compliance: User) -> None:
    if Breach.objects.exists():
        return
    breaches.register(
        Discovery(
            kind=Breach.Kind.PERSONAL_DATA.value,
            title="A reply went to the wrong player",
            happened="A support reply with a first name and a city went to another player.",
            discovered_at=now() - timedelta(hours=20),
            people_count=1,
        ),
        by=compliance,
    )
