"""Addresses that get no mail: why, of which stream, and how they get it again."""

from datetime import timedelta

import structlog
from django.db import IntegrityError, models, transaction

from apps.accounts import profile
from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.integrations.errors import ProviderError
from apps.limits.selectors import may_be_contacted
from apps.messaging import kinds, services
from apps.messaging.models import Mail, Notice, Suppression
from apps.messaging.providers.base import Carrier

log = structlog.get_logger()

Reason = Suppression.Reason
# Addresses of the provider's own for trying out; what happens to them says nothing.
TEST_DOMAIN = "@playwithsendpost.io"
PROVIDER_RETRY = timedelta(minutes=5)
BATCH = 20


def reason_for(mail: Mail) -> str:
    """Why this mail is not to be sent; empty when it is."""
    standing = Suppression.objects.filter(
        email__iexact=mail.to_email, lifted_at=None, stream__in=["", mail.stream]
    )
    if kinds.of(mail.kind).proves:
        standing = standing.exclude(reason=Reason.HARD_BOUNCE)
    found = standing.first()
    if found is not None:
        return str(found.get_reason_display())
    if mail.stream == Mail.Stream.MARKETING and not _wants_marketing(mail):
        return "no consent"
    # A break that began after the mail was written counts: this is asked when it is sent.
    if mail.stream == Mail.Stream.MARKETING and not may_be_contacted(mail.player_id or 0):
        return "no offers to this player now"
    return ""


def suppress(email: str, reason: str, *, stream: str = "", note: str = "") -> bool:
    """Send no more to an address; False when that was so already."""
    if email.lower().endswith(TEST_DOMAIN):
        return False
    try:
        with transaction.atomic():
            row = Suppression.objects.create(
                email=email, reason=reason, stream=stream, note=note[:240]
            )
            audit.record(
                "mail.suppressed",
                actor="system",
                subject=row,
                after={"reason": reason, "stream": stream or "all"},
            )
    except IntegrityError:
        return False
    return True


def bounced(mail: Mail, *, note: str = "") -> None:
    """The address takes no mail: send none, and say so where its player will see it."""
    if suppress(mail.to_email, Reason.HARD_BOUNCE, note=note) and mail.player_id:
        services.notify(
            mail.player_id,
            kind=Notice.Kind.WARNING,
            category=Notice.Category.SECURITY,
            title="Our mail does not reach you",
            text="Your e-mail address takes no mail from us. Change it, or write to support.",
            href="/accounts/email/",
        )


def marketing_off(mail: Mail, reason: str) -> None:
    """Who complains or unsubscribes gets no more offers, from this second."""
    suppress(mail.to_email, reason, stream=Mail.Stream.MARKETING)
    player = Player.objects.filter(pk=mail.player_id).first() if mail.player_id else None
    if player is not None:
        profile.set_marketing(player=player, wants_marketing=False, source="mail")


@transaction.atomic
def unsubscribe(player: Player) -> None:
    """By the link in a mail."""
    profile.set_marketing(player=player, wants_marketing=False, source="mail")


def consent_renewed(mail: Mail) -> bool:
    """Whether an old unsubscribe was just lifted by a newer consent; a complaint stays.

    Unsubscribing takes the consent away, so one that is there was given after it.
    """
    if mail.stream != Mail.Stream.MARKETING or not _wants_marketing(mail):
        return False
    old = Suppression.objects.filter(
        email__iexact=mail.to_email,
        reason=Reason.UNSUBSCRIBE,
        stream=Mail.Stream.MARKETING,
        lifted_at=None,
    )
    return bool(old.update(lifted_at=now(), provider_due_at=now()))


def is_on_trial(mail: Mail) -> bool:
    """Whether a mail asks a bounced address to prove itself, and the provider has to be told first.

    The suppression stands until the link in the mail is followed; only this mail passes it.
    """
    about = kinds.of(mail.kind)
    # Once: a mail that has waited is not due at its first moment any more.
    if not about.proves or mail.due_at != mail.expires_at - about.keeps:
        return False
    bounced = Suppression.objects.filter(
        email__iexact=mail.to_email, reason=Reason.HARD_BOUNCE, lifted_at=None
    )
    return bool(bounced.update(provider_due_at=now()))


@transaction.atomic
def confirmed(player: Player, email: str) -> int:
    """Lift the bounces of an address whose owner has followed a link we sent there."""
    rows = list(
        Suppression.objects.select_for_update().filter(
            email__iexact=email, reason=Reason.HARD_BOUNCE, lifted_at=None
        )
    )
    for row in rows:
        row.lifted_at = row.provider_due_at = now()
        row.save(update_fields=["lifted_at", "provider_due_at"])
        audit.record(
            "mail.suppression_lifted",
            actor=player,
            subject=row,
            before={"reason": row.reason, "stream": row.stream or "all"},
            reason="The address was confirmed anew.",
        )
    return len(rows)


@transaction.atomic
def lift(suppression_id: int, *, by: models.Model, reason: str) -> Suppression:
    """Let an address get mail again. Raises NotFound, InvalidInput."""
    row = Suppression.objects.select_for_update().filter(pk=suppression_id, lifted_at=None).first()
    if row is None:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why it is lifted."})
    row.lifted_at = row.provider_due_at = now()
    row.save(update_fields=["lifted_at", "provider_due_at"])
    audit.record(
        "mail.suppression_lifted",
        actor=by,
        subject=row,
        before={"reason": row.reason, "stream": row.stream or "all"},
        reason=reason.strip(),
    )
    return row


def tell_provider(carrying: Carrier) -> int:
    """Take lifted addresses from the provider's list too; how many were tried."""
    at = now()
    due = list(
        Suppression.objects.filter(provider_due_at__lte=at).order_by("provider_due_at")[:BATCH]
    )
    for row in due:
        again: object = None
        try:
            for stream in [row.stream] if row.stream else Mail.Stream.values:
                carrying.forget_suppression(row.email, stream)
        except ProviderError as error:
            log.warning("mail.suppression_not_lifted", suppression=row.pk, error=str(error))
            again = at + PROVIDER_RETRY if error.retryable else None
        Suppression.objects.filter(pk=row.pk).update(provider_due_at=again)
    return len(due)


def _wants_marketing(mail: Mail) -> bool:
    return Player.objects.filter(pk=mail.player_id, wants_marketing=True).exists()
