"""Who a player is, for gateways that must know whose money they carry."""

import re

from django.conf import settings
from django.db import transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.payments.errors import NameNeeded
from apps.payments.models import PayerName, Rail
from apps.payments.providers.base import Person

# Letters of any script, with what stands between them in names.
NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’-])*", re.UNICODE)
NAME_MAX = 80


def is_name_needed(player: Player, rail: Rail) -> bool:
    """Whether the rail's gateway must be told a name that the player has not given yet."""
    if rail.is_fiat or not settings.COINSPAID_USER_DATA:
        return False
    return not PayerName.objects.filter(player=player).exists()


def person_of(player: Player) -> Person | None:
    """The player as a person; None where no gateway asks. Raises NameNeeded."""
    if not settings.COINSPAID_USER_DATA:
        return None
    name = PayerName.objects.filter(player=player).first()
    if name is None:
        raise NameNeeded
    return Person(
        first_name=name.first_name,
        last_name=name.last_name,
        birth_date=player.birth_date,
        country=player.country,
        email=player.user.email,
    )


@transaction.atomic
def set_name(*, player: Player, first_name: str, last_name: str) -> PayerName:
    """Keep the name the player sends and receives under. Raises InvalidInput."""
    names = {"first_name": first_name.strip(), "last_name": last_name.strip()}
    wrong = {
        field: "Write your name with letters, as your bank or wallet knows it."
        for field, name in names.items()
        if len(name) > NAME_MAX or not NAME.fullmatch(name)
    }
    if wrong:
        raise InvalidInput(fields=wrong)
    kept, _ = PayerName.objects.update_or_create(player=player, defaults={**names, "set_at": now()})
    # The name itself stays out of the trail, which cannot forget.
    audit.record("player.payer_name_set", actor=player, subject=player)
    return kept
