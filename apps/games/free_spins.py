"""Free rounds: promised to a player, played at the partner, paid into the wallet once."""

from datetime import datetime
from decimal import Decimal

from django.db import models, transaction
from django.db.models.functions import Coalesce

from apps.accounts.errors import PlayerNotActive
from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.games import play
from apps.games.errors import UnknownIssue
from apps.games.models import FreeSpinIssue, Game
from apps.games.providers.base import FreeSpins, ProviderRefused
from apps.games.providers.registry import provider
from apps.games.services import player_facts
from apps.integrations.errors import ProviderError
from apps.ledger.instructions import Status
from apps.ledger.selectors import currency
from apps.limits.selectors import may_be_contacted
from apps.wallet import movements
from apps.wallet import services as wallets
from apps.wallet.errors import KeyConflict

QUANTITY_MAX = 500


def issue(
    *,
    player: Player,
    game: Game,
    stake: Money,
    quantity: int,
    valid_until: datetime,
    actor: models.Model | str,
    reason: str,
    bet_level: int = 1,
) -> FreeSpinIssue:
    """Promise free rounds and tell the partner.

    Without a clear answer the issue stays `requested`: the partner may have it, so it can be
    played and cancelled but not promised again by mistake.
    Raises InvalidInput, PlayerNotActive, ProviderError.
    """
    if not player.is_active or not may_be_contacted(player.pk):
        raise PlayerNotActive
    if not game.has_free_spins:
        raise InvalidInput("This game has no free spins.")
    if not 1 <= quantity <= QUANTITY_MAX:
        raise InvalidInput(fields={"quantity": f"Between 1 and {QUANTITY_MAX}."})
    if stake.units <= 0:
        raise InvalidInput(fields={"stake": "A stake is more than nothing."})
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    with transaction.atomic():
        wallet = wallets.open_wallet(player_id=player.pk, currency_code=stake.currency.code)
        made = FreeSpinIssue.objects.create(
            player=player,
            wallet_id=wallet.pk,
            game=game,
            currency=stake.currency.code,
            quantity=quantity,
            bet_level=bet_level,
            stake=stake.major,
            valid_until=valid_until,
            created_at=now(),
        )
        audit.record(
            "free_spins.issued",
            actor=actor,
            subject=made,
            after={"player": player.public_id, "game": game.identifier, "quantity": quantity},
            reason=reason.strip(),
        )
    spins = FreeSpins(
        issue_id=made.public_id,
        player=player_facts(player, stake.currency.code),
        game=game.identifier,
        currency=stake.currency,
        quantity=quantity,
        bet_level=bet_level,
        stake=stake,
        valid_until=valid_until,
    )
    try:
        provider(game.provider).issue_free_spins(spins)
    except ProviderRefused as refused:
        _move(made, FreeSpinIssue.State.REFUSED)
        raise InvalidInput(str(refused)) from refused
    except ProviderError as error:
        if not error.outcome_unknown:
            _move(made, FreeSpinIssue.State.REFUSED)
        raise
    _move(made, FreeSpinIssue.State.ISSUED)
    return made


def cancel(*, issue_id: int, actor: models.Model | str, reason: str) -> FreeSpinIssue:
    """Take back what has not been played. Raises UnknownIssue, InvalidInput, ProviderError."""
    found = FreeSpinIssue.objects.select_related("game").filter(pk=issue_id).first()
    if found is None:
        raise UnknownIssue
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    if found.state not in {FreeSpinIssue.State.REQUESTED, FreeSpinIssue.State.ISSUED}:
        raise InvalidInput("These free spins are over.")
    try:
        provider(found.game.provider).cancel_free_spins(found.public_id, found.game.identifier)
    except ProviderRefused as refused:
        raise InvalidInput(str(refused)) from refused
    with transaction.atomic():
        _move(found, FreeSpinIssue.State.CANCELED)
        audit.record("free_spins.canceled", actor=actor, subject=found, reason=reason.strip())
    return found


def wallet_of_issue(public_id: str) -> tuple[FreeSpinIssue, play.PlayWallet]:
    """The issue a partner names and the wallet it pays into. Raises UnknownIssue."""
    found = FreeSpinIssue.objects.filter(public_id=public_id).first()
    if found is None:
        raise UnknownIssue
    wallet = play.PlayWallet(
        wallet_id=found.wallet_id, player_id=found.player_id, currency=currency(found.currency)
    )
    return found, wallet


def finish(*, partner: str, issue: FreeSpinIssue, wallet: play.PlayWallet, won: Money) -> Money:
    """Credit what the spins won, once per issue, whatever its state is here; the balance now.

    Raises KeyConflict when it was paid with another sum.
    """
    key = f"freespins:{issue.public_id}"
    try:
        with transaction.atomic():
            result = movements.free_spins_won(
                partner=partner,
                wallet_id=wallet.wallet_id,
                amount=won,
                key=key,
                source_id=issue.pk,
            )
            if result.status == Status.APPLIED:
                _close(issue, FreeSpinIssue.State.PLAYED, won.major)
    except KeyConflict:
        play.alarm_conflict(partner, key)
        raise
    return result.balance


def credit(
    *, partner: str, issue: FreeSpinIssue, wallet: play.PlayWallet, key: str, won: Money
) -> movements.Result:
    """Credit a part of what the spins won, once per key, for partners that pay in parts.

    Raises KeyConflict when the key was used for something else.
    """
    try:
        with transaction.atomic():
            result = movements.free_spins_won(
                partner=partner,
                wallet_id=wallet.wallet_id,
                amount=won,
                key=key,
                source_id=issue.pk,
            )
            if result.status == Status.APPLIED:
                FreeSpinIssue.objects.filter(pk=issue.pk).update(
                    state=FreeSpinIssue.State.PLAYED,
                    won=Coalesce("won", Decimal(0)) + won.major,
                    closed_at=now(),
                )
    except KeyConflict:
        play.alarm_conflict(partner, key)
        raise
    return result


def close(issue: FreeSpinIssue, state: str) -> None:
    """The partner says that nothing more comes; a sum that comes after all is still paid."""
    if state in {FreeSpinIssue.State.EXPIRED, FreeSpinIssue.State.CANCELED}:
        _close(issue, state, Decimal(0))


def _close(issue: FreeSpinIssue, state: str, won: Decimal) -> None:
    FreeSpinIssue.objects.filter(pk=issue.pk).exclude(state=FreeSpinIssue.State.PLAYED).update(
        state=state, won=won, closed_at=now()
    )


def _move(issue: FreeSpinIssue, state: FreeSpinIssue.State) -> None:
    # The partner may have reported the end before its answer to our request came.
    FreeSpinIssue.objects.filter(
        pk=issue.pk, state__in=[FreeSpinIssue.State.REQUESTED, FreeSpinIssue.State.ISSUED]
    ).update(state=state)
    issue.state = state
