"""Passkeys of staff: keys that sign for this site's own address only, so nobody can be lured.

They stand beside the password in place of a one-time code. Roles named in `STAFF_PASSKEY_ROLES`
get nowhere with a code but to the page where they make a passkey.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.operator.errors import PasskeyRefused
from apps.operator.models import Passkey
from apps.operator.services import role_of

STATE = "operator_passkey_state"
KEYS_MAX = 10
# Pages for those whose role takes a passkey and who have none yet.
OPEN_WITHOUT = {"operator_passkeys", "operator_passkey_options", "operator_passkey_remove"}
NAME_LENGTH_MAX = 60


def must_have(user: User) -> bool:
    """Whether this person's role takes more than a one-time code."""
    return role_of(user) in settings.STAFF_PASSKEY_ROLES


def is_entered_with_one(user: User) -> bool:
    """Whether the session of this request was opened with a passkey."""
    return isinstance(getattr(user, "otp_device", None), Passkey)


def begin_making(request: HttpRequest, user: User) -> dict[str, Any]:
    """What the browser asks the authenticator; the challenge stays in the session."""
    options, state = _server(request).register_begin(
        PublicKeyCredentialUserEntity(id=_handle(user), name=user.email, display_name=user.email),
        credentials=_credentials(user),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    request.session[STATE] = state
    return dict(options)


@transaction.atomic
def finish_making(
    request: HttpRequest, user: User, answer: dict[str, Any], *, name: str
) -> Passkey:
    """Keep the key. Raises PasskeyRefused."""
    state = request.session.pop(STATE, None)
    if state is None or Passkey.objects.filter(user=user).count() >= KEYS_MAX:
        raise PasskeyRefused
    try:
        made = _server(request).register_complete(state, answer).credential_data
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PasskeyRefused from error
    if made is None or Passkey.objects.filter(credential_id=made.credential_id).exists():
        raise PasskeyRefused
    kept: Passkey = Passkey.objects.create(
        user=user,
        name=name.strip()[:NAME_LENGTH_MAX] or "Passkey",
        confirmed=True,
        credential_id=made.credential_id,
        credential=bytes(made),
        created_at=now(),
    )
    audit.record(
        "staff.passkey_made", actor=user, subject=user, after={"name": kept.name}, request=request
    )
    return kept


@transaction.atomic
def remove(request: HttpRequest, user: User, passkey_id: int) -> None:
    """Raises NotFound."""
    kept = Passkey.objects.filter(user=user, pk=passkey_id).first()
    if kept is None:
        raise NotFound
    audit.record(
        "staff.passkey_removed",
        actor=user,
        subject=user,
        before={"name": kept.name},
        request=request,
    )
    kept.delete()


def begin_entering(request: HttpRequest) -> dict[str, Any]:
    """What a browser at the door asks: any key of this site, so nothing tells who has one."""
    options, state = _server(request).authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED
    )
    request.session[STATE] = state
    return dict(options)


@transaction.atomic
def accepted_key(request: HttpRequest, user: User, answer: dict[str, Any]) -> Passkey | None:
    """The key of this person that signed the challenge of this session, once; None when none did."""
    state = request.session.pop(STATE, None)
    if state is None:
        return None
    try:
        response = AuthenticationResponse.from_dict(answer)
        kept: Passkey | None = (
            Passkey.objects.select_for_update()
            .filter(user=user, confirmed=True, credential_id=response.raw_id)
            .first()
        )
        if kept is None:
            return None
        _server(request).authenticate_complete(
            state, [AttestedCredentialData(bytes(kept.credential))], response
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    uses = response.response.authenticator_data.counter
    if uses and uses <= kept.uses:
        # A counter that goes back is a copy of the key.
        return None
    kept.uses, kept.used_at = uses, now()
    kept.save(update_fields=["uses", "used_at"])
    return kept


def of(user: User) -> list[Passkey]:
    return list(Passkey.objects.filter(user=user, confirmed=True).order_by("pk"))


def _server(request: HttpRequest) -> Fido2Server:
    host = request.get_host().partition(":")[0]
    origin = f"{request.scheme}://{request.get_host()}"
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=host, name=settings.SITE_NAME),
        verify_origin=lambda given: given == origin,
    )


def _credentials(user: User) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(bytes(one.credential)) for one in of(user)]


def _handle(user: User) -> bytes:
    return f"staff:{user.pk}".encode()
