"""Reads of bets and seeds, for pages, API and staff. What is sealed stays sealed."""

from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import Player
from apps.originals.errors import UnknownBet, UnknownOriginal, UnknownRun
from apps.originals.fairness import tables
from apps.originals.fairness.draws import SCHEME
from apps.originals.models import AutoRun, Bet, CrashChain, CrashRound, Original, SeedPair
from apps.originals.rules import RULES

DRAWN_FROM = ("game", "seeds", "round__chain", "run")


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
    found = Bet.objects.filter(player=player).select_related(*DRAWN_FROM).order_by("-id")
    return found.filter(game=game) if game else found


def bet(public_id: str) -> Bet:
    """Any bet by its public id: its page may be shared. Raises UnknownBet."""
    found = Bet.objects.select_related(*DRAWN_FROM, "player").filter(public_id=public_id)
    one = found.first()
    if one is None:
        raise UnknownBet
    return one


def open_bet(player: Player, game: str) -> Bet | None:
    """The round to go on with."""
    return bets(player, game=game).filter(state=Bet.State.OPEN).first()


def runs(player: Player) -> QuerySet[AutoRun]:
    """A player's runs of bets, newest first."""
    return AutoRun.objects.filter(player=player).order_by("-id")


def run(player: Player, public_id: str) -> AutoRun:
    """Raises UnknownRun."""
    found = runs(player).filter(public_id=public_id).first()
    if found is None:
        raise UnknownRun
    return found


def crash_round(public_id: str) -> CrashRound:
    """Raises UnknownBet."""
    found = CrashRound.objects.select_related("chain").filter(public_id=public_id).first()
    if found is None:
        raise UnknownBet("There is no such round.")
    return found


def revealed_pairs(player: Player) -> QuerySet[SeedPair]:
    return SeedPair.objects.filter(player=player, state=SeedPair.State.REVEALED).order_by(
        "-revealed_at"
    )


def crash_chain() -> CrashChain | None:
    """The chain of the latest round, or the one whose salt is waited for."""
    latest = CrashRound.objects.select_related("chain").order_by("-id").first()
    return latest.chain if latest else CrashChain.objects.order_by("pk").first()


def revealed_pair(player: Player, public_id: str) -> SeedPair:
    """Raises UnknownBet."""
    found = revealed_pairs(player).filter(public_id=public_id).first()
    if found is None:
        raise UnknownBet("You have revealed no such pair.")
    return found


def bets_of_pair(pair: SeedPair, start: int) -> QuerySet[Bet]:
    """By number, from one on."""
    found = Bet.objects.filter(seeds=pair, nonce__gte=start).select_related(*DRAWN_FROM)
    return found.order_by("nonce")


def round_proof(round_: CrashRound) -> dict[str, Any]:
    """A round of crash that is over, for the verifier: a bet that nobody made."""
    return {
        "scheme": SCHEME,
        "game": "crash",
        "table_version": tables.VERSION,
        "choice": {"auto": 0},
        "actions": [],
        "commitment": round_.commitment,
        "server_seed": round_.link,
        "client_seed": round_.chain.salt,
        "nonce": round_.number,
        "chain": round_.chain.first_link,
        "point": round_.point,
    }


def proof(bet: Bet) -> dict[str, Any]:
    """All that a verifier needs; the server seed is empty until its pair was rotated."""
    shared = {"chain": bet.round.chain.first_link} if bet.round else {}
    return {
        **shared,
        "scheme": SCHEME,
        "bet": bet.public_id,
        "game": bet.game_id,
        "table_version": bet.table_version,
        "choice": bet.choice,
        "actions": bet.actions,
        "commitment": bet.commitment,
        "server_seed": bet.server_seed,
        "client_seed": bet.client_seed,
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
