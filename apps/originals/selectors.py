"""Reads of bets and seeds, for pages, API and staff. What is sealed stays sealed."""

from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import Player
from apps.originals.errors import UnknownBet, UnknownOriginal
from apps.originals.fairness.draws import SCHEME
from apps.originals.models import Bet, Original, SeedPair
from apps.originals.rules import RULES


def originals() -> QuerySet[Original]:
    """Our games in display order, closed ones too: they say so on their page."""
    return Original.objects.filter(code__in=RULES)


def original(code: str) -> Original:
    """Raises UnknownOriginal."""
    try:
        return Original.objects.get(code=code)
    except Original.DoesNotExist:
        raise UnknownOriginal from None


def bets(player: Player, *, game: str = "") -> QuerySet[Bet]:
    """A player's bets, newest first."""
    found = Bet.objects.filter(player=player).select_related("game", "seeds").order_by("-id")
    return found.filter(game=game) if game else found


def bet(public_id: str) -> Bet:
    """Any bet by its public id: its page may be shared. Raises UnknownBet."""
    found = Bet.objects.select_related("game", "seeds", "player").filter(public_id=public_id)
    one = found.first()
    if one is None:
        raise UnknownBet
    return one


def open_bet(player: Player, game: str) -> Bet | None:
    """The round to go on with."""
    return bets(player, game=game).filter(state=Bet.State.OPEN).first()


def revealed_pairs(player: Player) -> QuerySet[SeedPair]:
    return SeedPair.objects.filter(player=player, state=SeedPair.State.REVEALED).order_by(
        "-revealed_at"
    )


def proof(bet: Bet) -> dict[str, Any]:
    """All that a verifier needs; the server seed is empty until its pair was rotated."""
    return {
        "scheme": SCHEME,
        "bet": bet.public_id,
        "game": bet.game_id,
        "table_version": bet.table_version,
        "choice": bet.choice,
        "actions": bet.actions,
        "commitment": bet.seeds.commitment,
        "server_seed": bet.seeds.server_seed,
        "client_seed": bet.seeds.client_seed,
        "nonce": bet.nonce,
        "currency": bet.currency,
        "base_stake": bet.base_money.text,
        "stake": bet.stake_money.text,
        "win_max": bet.win_max_money.text,
        "payout": bet.payout_money.text,
        "multiplier": bet.multiplier,
        "detail": bet.detail,
        "state": bet.state,
    }
