"""What a player must hear about their account: a new browser, a code, another phone number."""

from django.conf import settings
from django.urls import reverse

from apps.accounts import codes, phones, sessions
from apps.accounts.events import (
    CodeIssued,
    ErasureDecided,
    PhoneChanged,
    SignedInOnNewDevice,
)
from apps.accounts.models import ErasureRequest, Player, SignIn
from apps.events.bus import handles
from apps.messaging import letters, services, texts
from apps.messaging.models import Notice


@handles(SignedInOnNewDevice)
def new_device(event: SignedInOnNewDevice) -> None:
    sign_in = SignIn.objects.select_related("player__user").get(pk=event.sign_in_id)
    words = sessions.in_words(sign_in)
    services.notify(
        event.player_id,
        kind=Notice.Kind.WARNING,
        title="Signed in with a new browser",
        text=f"{words}. Not you? Change your password.",
        href=reverse("accounts:security"),
    )
    letters.send(
        sign_in.player,
        "new_device",
        {"words": words, "security_url": f"{settings.SITE_ORIGIN}{reverse('accounts:security')}"},
    )


@handles(CodeIssued)
def code_issued(event: CodeIssued) -> None:
    found = codes.take_text(event.code_id)
    if found is None:
        return
    code, text = found
    texts.queue(
        to=code.target,
        kind="phone_code",
        text=f"{settings.SITE_NAME}: {text} is your code to confirm this number. "
        "It works for ten minutes. Nobody of ours asks you for it.",
        player_id=event.player_id,
        expires_at=code.expires_at,
    )


@handles(PhoneChanged)
def phone_changed(event: PhoneChanged) -> None:
    player = Player.objects.select_related("user").get(pk=event.player_id)
    number = phones.masked(phones.number_of(player))
    services.notify(
        event.player_id,
        kind=Notice.Kind.WARNING,
        title="Your phone number changed" if number else "Your phone number was removed",
        text="Not you? Change your password and write to support.",
        href=reverse("accounts:security"),
    )
    letters.send(player, "phone_changed", {"number": number})
    if event.before:
        texts.queue(
            to=event.before,
            kind="phone_changed",
            text=f"{settings.SITE_NAME}: this number no longer belongs to your account. "
            "Not you? Change your password and write to support.",
            player_id=event.player_id,
        )


@handles(ErasureDecided)
def erasure_decided(event: ErasureDecided) -> None:
    request = ErasureRequest.objects.select_related("player__user").get(pk=event.request_id)
    if request.state != ErasureRequest.State.REFUSED:
        # What was done is told by the act itself: afterwards there is no address any more.
        return
    services.notify(
        event.player_id,
        kind=Notice.Kind.INFO,
        title="Your request to be forgotten",
        text="We have answered it. See Account, Privacy.",
        href=reverse("accounts:privacy"),
    )
    letters.send(request.player, "erasure_decided", {"request": request})
