"""A player's second factors: authenticator app, recovery codes, passkeys. allauth keeps them.

What would let a reader of the database pass for the player (seeds of app and codes) is sealed under
FIELD_KEYS in a table of its own; allauth's row holds only its public id.
"""

from collections.abc import Callable
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.accounts.models import Player, SealedSecret, User
from apps.accounts.people import is_player
from apps.accounts.services import note_credentials_changed
from apps.audit import services as audit
from apps.core import secrets

# Recovery codes stand in for the others; alone they protect nothing.
REAL = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
TYPED = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
PAGES = "/accounts/2fa/"
JSON_DOORS = (
    "/_allauth/app/v1/account/authenticators",
    "/_allauth/browser/v1/account/authenticators",
)
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
SERVER_ERROR = 500
WORDS = {
    Authenticator.Type.TOTP: "authenticator app",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}

Keys = dict[int, str]


def is_enrolled(user: User) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=REAL).exists())


def can_type(user: User) -> bool:
    """Whether the person has a factor that gives codes to type: an app, or recovery codes."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=TYPED).exists())


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """How allauth's second factors work here."""

    def get_totp_issuer(self) -> str:
        return str(settings.SITE_NAME)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.SITE_NAME}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        return {
            **super().get_public_key_credential_user_entity(user),
            "display_name": user.username or user.email,
        }

    def generate_authenticator_name(
        self, user: User, type: Authenticator.Type
    ) -> str:  # allauth's word
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return "Passkey" if number == 1 else f"Passkey {number}"

    @transaction.atomic
    def encrypt(self, text: str) -> str:
        user = getattr(context.request, "user", None)
        secret = SealedSecret(user=user if isinstance(user, User) and user.pk else None, sealed=b"")
        secret.save()
        secret.sealed = secrets.seal(text, place=secrets.place_of(secret, "sealed", "public_id"))
        secret.save(update_fields=["sealed"])
        return secret.public_id

    def decrypt(self, encrypted_text: str) -> str:
        """Raises SealBroken."""
        secret = SealedSecret.objects.filter(public_id=encrypted_text).first()
        if secret is None:
            raise secrets.SealBroken(encrypted_text)
        return secrets.unseal(secret.sealed, place=secrets.place_of(secret, "sealed", "public_id"))


class SecondFactorMiddleware:
    """A change of second factors, its audit row and the wait for payouts are one transaction.

    allauth changes them in many views, behind pages and the JSON door; here what was there before is
    compared with what is there after.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in SAFE_METHODS or not request.path.startswith((PAGES, *JSON_DOORS)):
            return self.get_response(request)
        with transaction.atomic():
            before = _keys_of(request)
            response = self.get_response(request)
            if response.status_code >= SERVER_ERROR:
                transaction.set_rollback(True)
            else:
                _note_change(request, before, _keys_of(request))
        return response


def _keys_of(request: HttpRequest) -> Keys:
    user = request.user
    if not user.is_authenticated:
        return {}
    return dict(Authenticator.objects.filter(user_id=user.pk).values_list("pk", "type"))


def _note_change(request: HttpRequest, before: Keys, after: Keys) -> None:
    user = request.user
    added = [kind for pk, kind in after.items() if pk not in before]
    removed = [kind for pk, kind in before.items() if pk not in after]
    if not (added or removed) or not isinstance(user, User) or not is_player(user):
        return
    drop_unused_secrets(user)
    note_credentials_changed(user)
    audit.record(
        "player.second_factor_changed",
        actor=user.player,
        subject=user.player,
        before={"removed": sorted(removed)},
        after={"added": sorted(added)},
        request=request,
    )


def drop_unused_secrets(user: User) -> None:
    """Delete the seeds that no authenticator of this person names any more."""
    named: set[str] = set()
    for data in Authenticator.objects.filter(user_id=user.pk).values_list("data", flat=True):
        named |= {value for key, value in data.items() if key in {"secret", "seed"}}
    SealedSecret.objects.filter(user_id=user.pk).exclude(public_id__in=named).delete()


@transaction.atomic
def remove_all(*, player: Player, actor: User | Player, reason: str) -> None:
    """Take every second factor away: a person of ours has seen who they are, or they are forgotten."""
    user = player.user
    kinds = sorted(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
    Authenticator.objects.filter(user_id=user.pk).delete()
    SealedSecret.objects.filter(user_id=user.pk).delete()
    note_credentials_changed(user)
    audit.record(
        "player.second_factor_changed",
        actor=actor,
        subject=player,
        before={"removed": kinds},
        after={"added": []},
        reason=reason,
    )
