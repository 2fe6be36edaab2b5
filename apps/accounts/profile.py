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


@transaction.atomic
def set_hides_name(*, player: Player, hides_name: bool) -> None:
    """Show other players whose bets these are, or not. Bets that were shown before hide too."""
    row = Player.objects.select_for_update().get(pk=player.pk)
    if row.hides_name != hides_name:
        row.hides_name = hides_name
        row.save(update_fields=["hides_name"])
        audit.record(
            "player.name_shown",
            actor=player,
            subject=player,
            before={"hides_name": not hides_name},
            after={"hides_name": hides_name},
        )
    player.hides_name = hides_name
