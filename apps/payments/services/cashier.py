"""Who may use a gateway's own cashier: short sessions, and what the gateway is told of a payer.

A session is a token of its own, never the login: the cashier carries it in an address. It ends with
the sign-in it was opened from, and when the player's status is not what it was then.
"""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Q

from apps.accounts import sessions as site_sessions
from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Money
from apps.payments import limits
from apps.payments.errors import RailUnavailable, SessionInvalid, UnknownPlayer
from apps.payments.models import CashierSession, PayerName, PaymentMethod, Rail
from apps.wallet import selectors as wallets

LIFE = timedelta(minutes=30)
KEPT = timedelta(days=1)
SESSIONS_PER_PLAYER = 20
TOKEN_LENGTH_MAX = 200


@dataclass(frozen=True)
class Payer:
    """What a gateway needs to know of a player. country: ISO 3166 alpha-2."""

    public_id: str
    first_name: str
    last_name: str
    email: str
    born_on: date
    country: str
    rank: int
    kyc_level: int
    balance: Money
    is_active: bool


def methods(rail: Rail, country: str, direction: str) -> list[PaymentMethod]:
    """The ways to pay on a fiat rail that people of a country have."""
    wanted = (
        Q(for_deposits=True)
        if direction == CashierSession.Direction.DEPOSIT
        else Q(for_withdrawals=True)
    )
    found = PaymentMethod.objects.filter(wanted, rail=rail)
    return [one for one in found if not one.countries or country in one.countries]


@transaction.atomic
def open_session(*, player: Player, rail: Rail, direction: str, site_session: str = "") -> str:
    """A fresh token for one player, rail and direction. Raises RailUnavailable, DepositsStopped.

    site_session: key of the sign-in that asks; without one it lives by its own clock alone.
    """
    is_deposit = direction == CashierSession.Direction.DEPOSIT
    if not rail.is_fiat or not rail.enabled or (is_deposit and not player.is_active):
        raise RailUnavailable
    if is_deposit:
        limits.require_open(player)
    at = now()
    CashierSession.objects.filter(player=player, expires_at__lt=at - KEPT).delete()
    # A page that is opened again and again does not leave an endless trail of live tokens.
    newest = CashierSession.objects.filter(player=player).order_by("-id")
    kept = list(newest.values_list("pk", flat=True)[: SESSIONS_PER_PLAYER - 1])
    CashierSession.objects.filter(player=player).exclude(pk__in=kept).delete()
    token = secrets.token_urlsafe(32)
    CashierSession.objects.create(
        token_hash=_hash(token),
        player=player,
        rail=rail,
        direction=direction,
        site_session=site_session,
        status=player.status,
        created_at=at,
        expires_at=at + LIFE,
    )
    return token


def has_ended(player: Player, direction: str) -> bool:
    """Whether the cashiers a player has open by the clock have all ended otherwise.

    A question about a payment carries no token; one that begins at a provider never had any, so
    that none at all is no reason for a no.
    """
    opened = CashierSession.objects.select_related("player__user").filter(
        player=player, direction=direction, expires_at__gt=now()
    )
    found = list(opened)
    return bool(found) and not any(_stands(one) for one in found)


def payer_of_session(*, token: str, player_ref: str, code: str = "") -> Payer:
    """Who a live session belongs to, for whoever names the same player.

    code: the currency the gateway keeps this account in, when it says so.
    Raises SessionInvalid; then nothing about anybody is told.
    """
    if not token or len(token) > TOKEN_LENGTH_MAX:
        raise SessionInvalid
    session = (
        CashierSession.objects.select_related("player__user", "rail")
        .filter(token_hash=_hash(token), expires_at__gt=now())
        .first()
    )
    if session is None or session.player.public_id != player_ref or not _stands(session):
        raise SessionInvalid
    if code and code != session.rail.currency_id:
        raise SessionInvalid
    is_deposit = session.direction == CashierSession.Direction.DEPOSIT
    is_closed = session.player.status == Player.Status.CLOSED
    if is_closed or (is_deposit and not session.player.is_active):
        raise SessionInvalid
    return _payer(session.player, session.rail)


def look_up(*, player_ref: str = "", email: str = "", code: str = "") -> Payer:
    """A player the gateway asks about without a session. Raises UnknownPlayer.

    code: which of their currencies; theirs in use when it is one of ours for fiat.
    """
    players = Player.objects.select_related("user").exclude(status=Player.Status.CLOSED)
    wanted = Q()
    if player_ref:
        wanted &= Q(public_id=player_ref)
    if email:
        wanted &= Q(user__email__iexact=email)
    found = list(players.filter(wanted)[:2]) if wanted else []
    if len(found) != 1:
        raise UnknownPlayer
    player = found[0]
    rails = Rail.objects.filter(address_kind=Rail.AddressKind.ACCOUNT, enabled=True)
    rail = rails.filter(currency_id=code or player.active_currency).first() or rails.first()
    if rail is None or (code and rail.currency_id != code):
        raise UnknownPlayer
    return _payer(player, rail)


def _stands(session: CashierSession) -> bool:
    if session.status != session.player.status:
        return False
    key = session.site_session
    return not key or site_sessions.is_live(session.player.user, key)


def _payer(player: Player, rail: Rail) -> Payer:
    """The name is the one they pay under; until they gave one, the one they play under."""
    name = PayerName.objects.filter(player=player).first()
    return Payer(
        public_id=player.public_id,
        first_name=name.first_name if name else player.display_name,
        last_name=name.last_name if name else "",
        email=player.user.email,
        born_on=player.birth_date,
        country=player.country,
        rank=player.rank,
        kyc_level=player.kyc_level,
        balance=wallets.balance(player.pk, rail.money_currency).cash,
        is_active=player.is_active,
    )


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
