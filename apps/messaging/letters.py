"""Mails of our own: templates in, one message through Django's door, which leads into the queue."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from apps.accounts.models import Player
from apps.core.errors import NotFound
from apps.core.mail import KIND_HEADER, PLAYER_HEADER
from apps.messaging import kinds, preferences
from apps.messaging.models import Mail

UNSUBSCRIBE_SALT = "messaging.unsubscribe"


def send(player: Player, kind: str, context: dict[str, Any]) -> bool:
    """Mail a player in the caller's transaction; False when they do not want this kind."""
    about = kinds.of(kind)
    if not preferences.wants(player, about.topic):
        return False
    headers = {KIND_HEADER: kind, PLAYER_HEADER: str(player.pk)}
    whole = {"SITE_NAME": settings.SITE_NAME, "player": player, **context}
    whole["settings_url"] = f"{settings.SITE_ORIGIN}{reverse('messaging:settings')}"
    if about.stream == Mail.Stream.MARKETING:
        whole["unsubscribe_url"] = address = unsubscribe_url(player)
        headers |= {
            "List-Unsubscribe": f"<{address}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    subject = render_to_string(f"emails/{kind}/subject.txt", whole)
    message = EmailMultiAlternatives(
        " ".join(subject.split()),
        render_to_string(f"emails/{kind}/body.txt", whole).strip() + "\n",
        settings.DEFAULT_FROM_EMAIL,
        [player.user.email],
        headers=headers,
    )
    message.attach_alternative(render_to_string(f"emails/{kind}/body.html", whole), "text/html")
    message.send()
    return True


def unsubscribe_url(player: Player) -> str:
    """A link that works without signing in and for nobody else; it does not end."""
    token = signing.dumps(player.public_id, salt=UNSUBSCRIBE_SALT)
    return f"{settings.SITE_ORIGIN}{reverse('messaging:unsubscribe', args=[token])}"


def player_of_link(token: str) -> Player:
    """Raises NotFound for a link we did not write."""
    try:
        public_id = signing.loads(token, salt=UNSUBSCRIBE_SALT)
    except signing.BadSignature:
        raise NotFound from None
    player = Player.objects.filter(public_id=public_id).first()
    if player is None:
        raise NotFound
    return player
