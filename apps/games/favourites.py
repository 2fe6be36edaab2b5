"""The games a player marked to find them again."""

from django.db import transaction

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.errors import Conflict
from apps.games.models import Favourite, Game
from apps.games.selectors import visible_games

FAVOURITES_MAX = 500


class TooManyFavourites(Conflict):
    code = "too_many_favourites"
    message = f"You have {FAVOURITES_MAX} favourites. Take one away first."


@transaction.atomic
def set_favourite(*, player: Player, game: Game, is_favourite: bool) -> None:
    """Mark or unmark a game; the same again changes nothing. Raises TooManyFavourites."""
    mine = Favourite.objects.filter(player=player)
    if not is_favourite:
        mine.filter(game=game).delete()
        return
    if mine.filter(game=game).exists():
        return
    if mine.count() >= FAVOURITES_MAX:
        raise TooManyFavourites
    Favourite.objects.bulk_create(
        [Favourite(player=player, game=game, created_at=now())], ignore_conflicts=True
    )


def favourite_ids(player: Player) -> set[int]:
    return set(Favourite.objects.filter(player=player).values_list("game_id", flat=True))


def favourite_games(player: Player, limit: int) -> list[Game]:
    """The latest first; what cannot be opened where the player lives is left out."""
    ids = Favourite.objects.filter(player=player).order_by("-id").values_list("game_id", flat=True)
    order = list(ids[:FAVOURITES_MAX])
    found = visible_games(player.country).in_bulk(order)
    return [found[game_id] for game_id in order if game_id in found][:limit]
