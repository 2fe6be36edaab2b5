"""Seed pairs: committed before they are used, revealed when the player rotates, never read by staff."""

from django.db import IntegrityError, transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core import secrets
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.originals.errors import RoundOpen
from apps.originals.fairness.draws import (
    CLIENT_SEED,
    Draws,
    commitment,
    new_client_seed,
    new_server_seed,
)
from apps.originals.models import Bet, SeedPair

State = SeedPair.State


def pairs_of(player: Player) -> tuple[SeedPair, SeedPair]:
    """The pair in use and the one that is committed next, made at the first visit."""
    found = {pair.state: pair for pair in _live(player)}
    if len(found) < 2:
        try:
            with transaction.atomic():
                if State.ACTIVE not in found:
                    _make(player, State.ACTIVE)
                if State.WAITING not in found:
                    _make(player, State.WAITING)
        except IntegrityError:
            pass  # another tab was faster
        found = {pair.state: pair for pair in _live(player)}
    return found[State.ACTIVE], found[State.WAITING]


def lock_active(player: Player) -> SeedPair:
    """The pair in use, held until the commit: its bets get their nonces one after the other."""
    pairs_of(player)
    return SeedPair.objects.select_for_update().get(player=player, state=State.ACTIVE)


@transaction.atomic
def rotate(player: Player, *, client_seed: str = "") -> tuple[SeedPair, SeedPair]:
    """Reveal the pair in use and start the committed next one; the revealed and the new one.

    client_seed: 1 to 64 of `A-Za-z0-9_-`; empty lets us choose. Raises InvalidInput, RoundOpen.
    """
    if client_seed and not CLIENT_SEED.fullmatch(client_seed):
        raise InvalidInput(
            fields={"client_seed": "Use 1 to 64 letters, digits, hyphens and underscores."}
        )
    old = lock_active(player)
    if Bet.objects.filter(seeds=old, state=Bet.State.OPEN).exists():
        raise RoundOpen
    new = SeedPair.objects.select_for_update().get(player=player, state=State.WAITING)
    at = now()
    old.state, old.revealed_at = State.REVEALED, at
    old.server_seed = secrets.unseal(old.sealed, place=old.place)
    old.save(update_fields=["state", "revealed_at", "server_seed"])
    new.state, new.activated_at = State.ACTIVE, at
    new.client_seed = client_seed or new_client_seed()
    new.save(update_fields=["state", "activated_at", "client_seed"])
    _make(player, State.WAITING)
    audit.record(
        "originals.seeds_rotated",
        actor=player,
        subject=old,
        after={"commitment": old.commitment, "bets": old.next_nonce, "next": new.commitment},
    )
    return old, new


def draws_of(pair: SeedPair, nonce: int) -> Draws:
    """The numbers of one round. Never leave them, or the seed, where a player can look."""
    seed = pair.server_seed or secrets.unseal(pair.sealed, place=pair.place)
    return Draws(seed, pair.client_seed, nonce)


def _live(player: Player) -> list[SeedPair]:
    return [*SeedPair.objects.filter(player=player, state__in=[State.ACTIVE, State.WAITING])]


def _make(player: Player, state: str) -> SeedPair:
    seed, at = new_server_seed(), now()
    pair = SeedPair(player=player, state=state, commitment=commitment(seed), created_at=at)
    if state == State.ACTIVE:
        pair.client_seed, pair.activated_at = new_client_seed(), at
    pair.sealed = secrets.seal(seed, place=pair.place)
    pair.save()
    return pair
