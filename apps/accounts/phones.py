"""A player's phone number: kept once they have shown that it is theirs."""

import re

from django.contrib.sessions.backends.base import SessionBase
from django.db import IntegrityError, transaction

from apps.accounts import codes
from apps.accounts.errors import PhoneTaken
from apps.accounts.events import DuplicateSuspected, PhoneChanged
from apps.accounts.models import OneTimeCode, Phone, Player
from apps.accounts.services import note_credentials_changed
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.events.bus import publish

NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
PURPOSE = OneTimeCode.Purpose.PHONE


def normalised(text: str) -> str:
    """`+49 151 1234-5678` as +4915112345678. Raises InvalidInput."""
    number = re.sub(r"[\s()./-]", "", text)
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if not NUMBER.fullmatch(number):
        raise InvalidInput(
            fields={"number": "Write the number with its country code, like +49 151 12345678."}
        )
    return number


def begin(*, player: Player, number: str, session: SessionBase, ip: str | None) -> OneTimeCode:
    """Send a code to the number. Whose number it is already is not told before it is shown to be theirs.

    Raises InvalidInput, RateLimited.
    """
    return codes.issue(
        player=player, purpose=PURPOSE, target=normalised(number), session=session, ip=ip
    )


def confirm(*, player: Player, code: str, session: SessionBase, ip: str | None) -> Phone:
    """Take the code that came by text message, and keep the number.

    Raises RateLimited, CodeExpired, WrongCode, PhoneTaken: a number is one person's.
    """
    used = codes.redeem(player=player, purpose=PURPOSE, text=code, session=session, ip=ip)
    other = _other_owner(player, used.target)
    if other is not None:
        _tell_of_duplicate(player, other)
        raise PhoneTaken
    try:
        with transaction.atomic():
            return _keep(player, used.target)
    except IntegrityError as error:  # two at once
        raise PhoneTaken from error


@transaction.atomic
def remove(*, player: Player) -> None:
    """Forget the number. There may be none."""
    phone = Phone.objects.select_for_update().filter(player=player).first()
    if phone is None:
        return
    before = phone.number
    phone.delete()
    _changed(player, before, "")


def number_of(player: Player) -> str:
    return Phone.objects.filter(player=player).values_list("number", flat=True).first() or ""


def masked(number: str) -> str:
    """`+49 ••• 678`: enough to know one's own."""
    return f"{number[:3]} ••• {number[-3:]}" if number else ""


def _keep(player: Player, number: str) -> Phone:
    phone = Phone.objects.select_for_update().filter(player=player).first()
    before = phone.number if phone else ""
    # A closed account gives its number back: its owner may come again.
    Phone.objects.filter(number=number, player__status=Player.Status.CLOSED).exclude(
        player=player
    ).delete()
    phone, _ = Phone.objects.update_or_create(
        player=player, defaults={"number": number, "confirmed_at": now()}
    )
    if before != number:
        _changed(player, before, number)
    return phone


def _changed(player: Player, before: str, after: str) -> None:
    note_credentials_changed(player.user)
    audit.record(
        "player.phone_changed",
        actor=player,
        subject=player,
        before={"number": masked(before)},
        after={"number": masked(after)},
    )
    publish(PhoneChanged(player_id=player.pk, before=before))


def _other_owner(player: Player, number: str) -> Player | None:
    found = Phone.objects.select_related("player").filter(number=number).exclude(player=player)
    phone = found.exclude(player__status=Player.Status.CLOSED).first()
    return phone.player if phone else None


@transaction.atomic
def _tell_of_duplicate(player: Player, other: Player) -> None:
    audit.record(
        "player.duplicate_phone", actor=player, subject=player, after={"other": other.public_id}
    )
    raise_alarm(
        "accounts.duplicate_phone",
        subject=player.public_id,
        message=f"{player.public_id} has shown a number that is {other.public_id}'s.",
    )
    publish(DuplicateSuspected(player_id=player.pk, other_id=other.pk, by="phone"))
