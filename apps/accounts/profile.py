"""What a player may change about themselves."""

from django.db import transaction

from apps.accounts import consents
from apps.accounts.models import Player
from apps.audit import services as audit


def set_marketing(*, player: Player, wants_marketing: bool, source: str) -> None:
    """Give or take back the consent to offers by mail, of every product (consents.py)."""
    consents.set_mail(player=player, is_given=wants_marketing, source=source)


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
