"""The addresses a player is paid to: saved, waited for, removed; and the "not me" link.

A new address is told to the player by mail and on the site. The link in the mail freezes all
payouts; it is signed, works once, and needs no sign-in, since a thief may have changed that.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.events.bus import publish
from apps.payments import guard, travel_rule
from apps.payments.addresses import normalised, require_address, spellings
from apps.payments.errors import AddressNotUsable, InvalidAddress, LinkUsed
from apps.payments.events import PayoutAddressAdded
from apps.payments.history import lock_player
from apps.payments.models import DepositAddress, Invoice, NotMeLink, Rail, SavedAddress

SALT = "payments.not-me"
ADDRESSES_MAX = 50
LABEL_MAX = 40
OWN = (
    "This is your own deposit address: the coins would only come back. To put money aside, use the "
    "vault; to withdraw, enter an address of your own wallet."
)
INTERNAL = "We cannot pay to this address. Use an address of your own wallet."


def saved(player: Player, rail: Rail | None = None) -> list[SavedAddress]:
    """The book, newest first."""
    rows = SavedAddress.objects.filter(player=player, removed_at=None).select_related(
        "rail", "owner"
    )
    if rail is not None:
        rows = rows.filter(rail=rail)
    return list(rows.order_by("-id"))


def one(player: Player, public_id: str) -> SavedAddress:
    """Raises NotFound, also for somebody else's and for removed ones."""
    found = (
        SavedAddress.objects.filter(player=player, public_id=public_id, removed_at=None)
        .select_related("rail")
        .first()
    )
    if found is None:
        raise NotFound
    return found


def find(player: Player, rail: Rail, address: str, tag: str) -> SavedAddress | None:
    return (
        SavedAddress.objects.filter(
            player=player, rail=rail, address=address, tag=tag, removed_at=None
        )
        .select_related("owner")
        .first()
    )


def check(player: Player, rail: Rail, address: str, tag: str = "") -> str:
    """The one spelling of an address that may be paid. Raises InvalidAddress."""
    if rail.is_fiat:
        raise InvalidAddress(fields={"rail": "This method keeps your accounts itself."})
    address = normalised(rail.address_kind, address)
    require_address(rail, address, tag)
    refuse_ours(player, address, tag)
    return address


def refuse_ours(player: Player, address: str, tag: str) -> None:
    """Refuse what leads back to us: addresses of deposits and of invoices, old ones too.

    Whose it is stays untold unless it is the player's own: on chains with tags one address is
    everybody's, and the tag says whose. Raises InvalidAddress.
    """
    texts = spellings(address)
    for rows in (DepositAddress.objects, Invoice.objects):
        found = rows.filter(address__in=texts)
        if found.filter(player=player, tag=tag).exists():
            raise InvalidAddress(fields={"address": OWN})
        if found.exists():
            raise InvalidAddress(fields={"address": INTERNAL})


@transaction.atomic
def save(
    *,
    player: Player,
    rail: Rail,
    address: str,
    tag: str = "",
    label: str = "",
    owner: travel_rule.Owner | None = None,
) -> SavedAddress:
    """Put an address into the book, where it waits before it is paid to.

    owner: whose wallet it is, when the player says so already.
    Saving it again returns it. Raises InvalidAddress, InvalidInput.
    """
    label = label.strip()
    if len(label) > LABEL_MAX:
        raise InvalidInput(fields={"label": f"Use up to {LABEL_MAX} characters."})
    address = check(player, rail, address, tag)
    lock_player(player.pk)
    saved = find(player, rail, address, tag) or add(
        player=player, rail=rail, address=address, tag=tag, label=label, at=now()
    )
    if owner is not None:
        travel_rule.tell(saved, owner)
    return saved


def add(
    *, player: Player, rail: Rail, address: str, tag: str, label: str, at: datetime
) -> SavedAddress:
    """Write a new address and tell the player. The address is checked, the player is locked."""
    if SavedAddress.objects.filter(player=player, removed_at=None).count() >= ADDRESSES_MAX:
        raise InvalidInput(f"You can keep {ADDRESSES_MAX} addresses. Remove one first.")
    made = SavedAddress.objects.create(
        player=player,
        rail=rail,
        label=label,
        address=address,
        tag=tag,
        created_at=at,
        usable_at=at + timedelta(hours=settings.PAYOUT_ADDRESS_DELAY_HOURS),
    )
    audit.record(
        "payout_address.added",
        actor=player,
        subject=made,
        after={
            "rail": rail.code,
            "address": address,
            "tag": tag,
            "usable_at": made.usable_at.isoformat(),
        },
    )
    link = NotMeLink.objects.create(
        player=player,
        saved_address=made,
        created_at=at,
        expires_at=at + timedelta(days=settings.NOT_ME_LINK_DAYS),
    )
    publish(PayoutAddressAdded(player_id=player.pk, address_id=made.pk, link_id=link.pk))
    return made


@transaction.atomic
def remove(player: Player, public_id: str) -> SavedAddress:
    """Take an address out of the book; saving it again starts a new wait. Raises NotFound."""
    lock_player(player.pk)
    found = one(player, public_id)
    found.removed_at = now()
    found.save(update_fields=["removed_at"])
    audit.record(
        "payout_address.removed",
        actor=player,
        subject=found,
        after={"rail": found.rail.code, "address": found.address, "tag": found.tag},
    )
    return found


def for_payout(
    *, player: Player, rail: Rail, address: str, tag: str, saved_only: bool, at: datetime
) -> tuple[SavedAddress, datetime | None]:
    """The saved address of a wish to be paid, and until when the payout has to wait.

    saved_only: nothing may be paid to an address that is not in the book and past its wait.
    Raises AddressNotUsable.
    """
    stands = guard.standing(player, at=at)
    found = find(player, rail, address, tag)
    if saved_only or stands.saved_only:
        if found is None:
            raise AddressNotUsable(fields={"address": "Save this address first."})
        if found.usable_at > at:
            until = f"{found.usable_at:%-d %b %Y %H:%M} UTC"
            words = f"This address is new. You can use it from {until}."
            raise AddressNotUsable(fields={"address": words})
        return found, None
    if found is None:
        found = add(player=player, rail=rail, address=address, tag=tag, label="", at=at)
    return found, found.usable_at if found.usable_at > at else None


# ---- "not me" ------------------------------------------------------------------------------------


def not_me_path(link_id: int) -> str:
    """The path of the link, for the mail. Signed; nothing is looked up without the signature."""
    return reverse("payments:not_me", args=[signing.dumps(link_id, salt=SALT)])


def not_me(token: str, *, at: datetime | None = None) -> NotMeLink:
    """The link behind a token that may still be used. Raises LinkUsed."""
    try:
        link_id = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise LinkUsed from error
    link = (
        NotMeLink.objects.select_related("player", "saved_address__rail").filter(pk=link_id).first()
    )
    if link is None or link.used_at is not None or link.expires_at <= (at or now()):
        raise LinkUsed
    return link


@transaction.atomic
def use_not_me(token: str, *, at: datetime | None = None) -> NotMeLink:
    """Spend the link: once, however many press it at the same moment. Raises LinkUsed."""
    link = not_me(token, at=at)
    used = NotMeLink.objects.filter(pk=link.pk, used_at=None).update(used_at=at or now())
    if not used:
        raise LinkUsed
    address = link.saved_address
    if address.removed_at is None:
        SavedAddress.objects.filter(pk=address.pk).update(removed_at=at or now())
    audit.record("payout_address.disowned", actor=link.player, subject=address)
    return link
