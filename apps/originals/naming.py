"""What our games are called, for statements."""

from collections.abc import Collection, Mapping

from apps.originals.models import Bet
from apps.wallet.statements.naming import GameName, Reference


def games_of_rounds(references: Collection[Reference]) -> Mapping[Reference, GameName]:
    """The games of entries, by the bet they name as their round."""
    asked = {one.round_ref for one in references if one.round_ref}
    found = Bet.objects.filter(public_id__in=asked).values_list(
        "public_id", "game_id", "game__title"
    )
    names = {bet: GameName(f"originals:{code}", title) for bet, code, title in found}
    return {one: names[one.round_ref] for one in references if one.round_ref in names}
