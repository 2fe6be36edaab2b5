"""A player's own statements."""

from django.db.models import QuerySet

from apps.accounts.models import Player
from apps.wallet.statements.errors import UnknownStatement
from apps.wallet.statements.models import Statement


def statements(player: Player) -> QuerySet[Statement]:
    """Newest first."""
    return Statement.objects.filter(player=player).order_by("-id")


def statement(player: Player, number: str) -> Statement:
    """Raises UnknownStatement, for other people's too."""
    found = None if "\x00" in number else statements(player).filter(number=number).first()
    if found is None:
        raise UnknownStatement
    return found
