"""What a player may change about themselves."""

from django.db import transaction

from apps.accounts.models import Player
from apps.audit import services as audit


@transaction.atomic
def set_marketing(*, player: Player, wants_marketing: bool, source: str) -> None:
    """Give or take back the consent to marketing; the audit row keeps when and through which door.

    source: `page` or `api`.
    """
    row = Player.objects.select_for_update().get(pk=player.pk)
    if row.wants_marketing != wants_marketing:
        before, row.wants_marketing = row.wants_marketing, wants_marketing
        row.save(update_fields=["wants_marketing"])
        audit.record(
            "player.marketing_consent",
            actor=player,
            subject=player,
            before={"wants_marketing": before},
            after={"wants_marketing": wants_marketing, "source": source},
        )
    player.wants_marketing = wants_marketing
