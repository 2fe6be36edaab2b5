"""Versions of the terms and the privacy policy: a material new one stops play until it is accepted.

`settings.TERMS_VERSIONS` lists them, the oldest first. Withdrawing and everything else goes on.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.ledger.models import Block
from apps.limits.models import TermsAcceptance
from apps.wallet import restrictions
from apps.wallet.models import Restriction

CODE = "terms"
WORDS = "Our terms have changed. Read what is new and accept it to go on playing."
AT_ONCE = 500


@dataclass(frozen=True)
class Version:
    """name: as it is shown and kept. changed: in a sentence, for who accepted the one before."""

    name: str
    is_material: bool
    changed: str


def versions() -> list[Version]:
    """The oldest first."""
    return [Version(*one) for one in settings.TERMS_VERSIONS]


def current() -> Version:
    return versions()[-1]


def news_for(accepted: str) -> list[Version]:
    """What came after a version; everything, for one we do not know."""
    known = versions()
    names = [one.name for one in known]
    return known[names.index(accepted) + 1 :] if accepted in names else known


def must_accept(player: Player) -> bool:
    return any(one.is_material for one in news_for(player.terms_version))


@transaction.atomic
def accept(*, player: Player, version: str, ip: str | None, at: datetime | None = None) -> None:
    """Keep that the player accepts the current version, and let them play. Safe to repeat.

    version: as the page showed it; another one means that it changed meanwhile: InvalidInput.
    """
    if version != current().name:
        raise InvalidInput("The terms have changed again. Read this version.")
    at = at or now()
    locked = Player.objects.select_for_update(no_key=True).get(pk=player.pk)
    if locked.terms_version != version:
        before = locked.terms_version
        TermsAcceptance.objects.get_or_create(
            player=locked, version=version, defaults={"at": at, "ip": ip}
        )
        locked.terms_version, locked.terms_accepted_at, locked.terms_ip = version, at, ip
        locked.save(update_fields=["terms_version", "terms_accepted_at", "terms_ip"])
        audit.record(
            "player.terms_accepted",
            actor=locked,
            subject=locked,
            before={"version": before},
            after={"version": version, "ip": ip},
        )
    restrictions.lift(
        player_id=locked.pk, code=CODE, actor=locked, reason=f"Accepted version {version}."
    )


def signed_in(player: Player, _request: object) -> None:
    """Before anything is done in a sign-in (a hook of `SIGN_IN_CHECKS`)."""
    require(player)


def require(player: Player) -> bool:
    """Stop the play of who has not accepted what is material; True when it is stopped now."""
    if not must_accept(player):
        return False
    if all(one.code != CODE for one in restrictions.standing(player.pk)):
        restrictions.impose(
            player_id=player.pk,
            code=CODE,
            stops=Block.PLAY,
            words=WORDS,
            actor="system",
            reason=f"Accepted {player.terms_version or 'none'}, current is {current().name}.",
        )
    return True


def require_all(limit: int = AT_ONCE) -> int:
    """Stop those who were signed in when a version came out. How many were stopped."""
    known = versions()
    materials = [place for place, one in enumerate(known) if one.is_material]
    if not materials:
        return 0
    enough = [one.name for one in known[materials[-1] :]]
    stopped = Restriction.objects.filter(code=CODE, lifted_at=None).values("player_id")
    behind = (
        Player.objects.exclude(terms_version__in=enough)
        .exclude(status=Player.Status.CLOSED)
        .exclude(pk__in=stopped)
    )
    return sum(require(player) for player in behind.order_by("pk")[:limit])
