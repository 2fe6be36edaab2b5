"""Registering players, changing what they may do, and their API keys."""

import hmac
import re
import secrets
from datetime import date
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Value
from django.db.models.functions import Replace

from apps.accounts import consents, statuses
from apps.accounts.applicants import Applicant, effects, hooks
from apps.accounts.emails import folded, without_dots
from apps.accounts.errors import (
    AccountTaken,
    EmailTaken,
    NameTaken,
    TermsNotAccepted,
    TooYoung,
)
from apps.accounts.events import DuplicateSuspected, PlayerRegistered, PlayerStatusChanged
from apps.accounts.models import ApiKey, Player, User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.events.bus import publish

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,19}", re.ASCII)
SCOPES = ("read", "play", "money")
API_KEYS_MAX = 10
RANK_MAX = 10
KYC_LEVEL_MAX = 3


def check_registration(
    *,
    birth_date: date,
    country: str,
    display_name: str,
    terms_accepted: bool,
    email: str = "",
    ip: str | None = None,
) -> None:
    """Refuse who may not become a player, before any row is made.

    What only higher apps know (blocked countries, persons, exclusion registers) is asked of `REGISTRATION_CHECKS`.
    Raises TooYoung, CountryBlocked, TermsNotAccepted, NameTaken, AccountTaken, InvalidInput, and what
    those checks raise.
    """
    if _age(birth_date) < settings.AGE_MIN:
        raise TooYoung(fields={"birth_date": f"You must be at least {settings.AGE_MIN}."})
    if _age(birth_date) > 120:
        raise InvalidInput(fields={"birth_date": "Check the year."})
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise InvalidInput(fields={"country": "Choose your country."})
    if not terms_accepted:
        raise TermsNotAccepted(fields={"terms": TermsNotAccepted.message})
    if not NAME.fullmatch(display_name):
        raise InvalidInput(
            fields={"display_name": "Use 3 to 20 letters, digits, dots, dashes or underscores."}
        )
    if Player.objects.filter(display_name__iexact=display_name).exists():
        raise NameTaken(fields={"display_name": NameTaken.message})
    if email and _has_account(email):
        raise AccountTaken(fields={"email": AccountTaken.message})
    applicant = Applicant(
        email=email, display_name=display_name, birth_date=birth_date, country=country, ip=ip
    )
    for check in hooks():
        check(applicant)


def _has_account(email: str) -> bool:
    """Whether this mailbox, however it is written, has an account that is not closed."""
    found = User.objects.filter(email_folded=folded(email), player__isnull=False)
    return found.exclude(player__status=Player.Status.CLOSED).exists()


@transaction.atomic
def register_player(
    *,
    email: str,
    password: str,
    display_name: str,
    birth_date: date,
    country: str,
    terms_accepted: bool,
    wants_marketing: bool = False,
    ip: str | None = None,
) -> Player:
    """Make a user and a player in one go. Raises as `check_registration`, and EmailTaken."""
    check_registration(
        birth_date=birth_date,
        country=country,
        display_name=display_name,
        terms_accepted=terms_accepted,
        email=email,
        ip=ip,
    )
    if User.objects.filter(email__iexact=email).exists():
        raise EmailTaken(fields={"email": EmailTaken.message})
    user = User(email=email.lower(), username=display_name)  # as sign-in looks for it
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(fields={"password": " ".join(error.messages)}) from error
    user.set_password(password)
    user.save()
    return make_player(
        user=user,
        display_name=display_name,
        birth_date=birth_date,
        country=country,
        wants_marketing=wants_marketing,
        ip=ip,
    )


@transaction.atomic
def make_player(
    *,
    user: User,
    display_name: str,
    birth_date: date,
    country: str,
    wants_marketing: bool = False,
    ip: str | None = None,
) -> Player:
    """Give a fresh user the player side; the checks have been made by `check_registration`."""
    if user.is_staff:
        raise InvalidInput("Staff cannot play.")
    player = Player.objects.create(
        user=user,
        display_name=display_name,
        birth_date=birth_date,
        country=country,
        terms_version=settings.TERMS_VERSION,
        terms_accepted_at=now(),
        terms_ip=ip,
    )
    audit.record(
        "player.registered",
        actor=player,
        subject=player,
        after={"country": country, "terms": player.terms_version},
    )
    if wants_marketing:
        consents.set_mail(player=player, is_given=True, source="registration")
    publish(PlayerRegistered(player_id=player.pk))
    for effect in effects():
        effect(player)
    for other_id in _lookalikes(player):
        publish(DuplicateSuspected(player_id=player.pk, other_id=other_id, by="email"))
    return player


def _lookalikes(player: Player) -> list[int]:
    """Accounts whose address differs by dots only: likely the same person, but a person decides."""
    email = player.user.email
    domain = folded(email).rpartition("@")[2]
    name = without_dots(email).rpartition("@")[0]
    same = User.objects.annotate(bare=Replace("email_folded", Value("."), Value(""))).filter(
        bare=f"{name}@{domain.replace('.', '')}", player__isnull=False
    )
    return list(same.exclude(pk=player.pk).order_by("pk").values_list("pk", flat=True)[:5])


@transaction.atomic
def set_status(*, player_id: int, status: str, actor: models.Model | str, reason: str) -> Player:
    """Change what a player may do. Money gates follow in the same transaction (wallet.services).

    Call `wallet.services.set_player_status`, which writes the wallets' blocks too, from every door.
    Raises NotFound, InvalidInput, IllegalTransition.
    """
    player = Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    if player is None:
        raise NotFound
    if status not in Player.Status.values:
        raise InvalidInput(fields={"status": "There is no such status."})
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    before = player.status
    statuses.require_move(before, status)
    player.status = status
    player.save(update_fields=["status"])
    audit.record(
        "player.status_changed",
        actor=actor,
        subject=player,
        before={"status": before},
        after={"status": status},
        reason=reason.strip(),
    )
    publish(PlayerStatusChanged(player_id=player.pk, status=status))
    return player


def note_credentials_changed(user: User) -> None:
    """Keep when it happened: for a while no payout may leave for a place of the changer's choice."""
    Player.objects.filter(pk=user.pk).update(credentials_changed_at=now())


@transaction.atomic
def set_rank(*, player_id: int, rank: int, actor: models.Model | str, reason: str) -> Player:
    """Put a player into a VIP rank. Raises NotFound, InvalidInput."""
    if not 0 <= rank <= RANK_MAX:
        raise InvalidInput(fields={"rank": f"Ranks go from 0 to {RANK_MAX}."})
    return _set_level(player_id, "rank", rank, actor, reason)


@transaction.atomic
def set_kyc_level(*, player_id: int, level: int, actor: models.Model | str, reason: str) -> Player:
    """Say how far a player is verified, and why. Raises NotFound, InvalidInput."""
    if not 0 <= level <= KYC_LEVEL_MAX:
        raise InvalidInput(fields={"level": f"Levels go from 0 to {KYC_LEVEL_MAX}."})
    return _set_level(player_id, "kyc_level", level, actor, reason)


def _set_level(
    player_id: int, field: str, value: int, actor: models.Model | str, reason: str
) -> Player:
    player = Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    if player is None:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    before = getattr(player, field)
    if before == value:
        return player
    setattr(player, field, value)
    player.save(update_fields=[field])
    audit.record(
        f"player.{field}_changed",
        actor=actor,
        subject=player,
        before={field: before},
        after={field: value},
        reason=reason.strip(),
    )
    return player


@transaction.atomic
def create_api_key(*, player: Player, name: str, scopes: list[str]) -> tuple[ApiKey, str]:
    """A new key and its secret text, which is shown once and never again."""
    if not name.strip():
        raise InvalidInput(fields={"name": "Give the key a name."})
    if not scopes or not set(scopes) <= set(SCOPES):
        raise InvalidInput(fields={"scopes": f"Choose from {', '.join(SCOPES)}."})
    if player.api_keys.filter(revoked_at=None).count() >= API_KEYS_MAX:
        raise InvalidInput(f"You can have {API_KEYS_MAX} keys. Revoke one first.")
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    text = f"ck_{prefix}_{secret}"
    key = ApiKey.objects.create(
        player=player,
        name=name.strip()[:40],
        prefix=prefix,
        key_hash=_key_hash(text),
        scopes=sorted(set(scopes)),
    )
    audit.record("api_key.created", actor=player, subject=key, after={"scopes": key.scopes})
    return key, text


@transaction.atomic
def revoke_api_key(*, player: Player, key_id: int) -> None:
    key = player.api_keys.select_for_update().filter(pk=key_id, revoked_at=None).first()
    if key is None:
        raise NotFound
    key.revoked_at = now()
    key.save(update_fields=["revoked_at"])
    audit.record("api_key.revoked", actor=player, subject=key)


def api_key(text: str) -> ApiKey | None:
    """The live key behind the secret text, or None. Compares in constant time."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != "ck":
        return None
    key = (
        ApiKey.objects.select_related("player__user")
        .filter(prefix=parts[1], revoked_at=None)
        .first()
    )
    if key is None or not hmac.compare_digest(key.key_hash, _key_hash(text)):
        return None
    return key


def _key_hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _age(birth_date: date) -> int:
    today = now().date()
    return (
        today.year
        - birth_date.year
        - ((today.month, today.day) < (birth_date.month, birth_date.day))
    )
