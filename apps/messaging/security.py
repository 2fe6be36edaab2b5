"""What a player must hear about at once, on the site and by mail: it may not have been them."""

from django.conf import settings
from django.urls import reverse

from apps.accounts.events import EmailConfirmed
from apps.accounts.models import Player
from apps.events.bus import handles
from apps.messaging import letters, services, suppressions
from apps.messaging.models import Notice
from apps.payments.addressbook import not_me_path
from apps.payments.events import PayoutAddressAdded, PayoutsFrozen, WithdrawalCancelled
from apps.payments.models import SavedAddress


@handles(PayoutAddressAdded)
def payout_address_added(event: PayoutAddressAdded) -> None:
    address = SavedAddress.objects.select_related("rail", "player__user").get(pk=event.address_id)
    services.notify(
        event.player_id,
        kind=Notice.Kind.WARNING,
        title="New payout address",
        text=f"{address.rail}: {address.address[:8]}…{address.address[-6:]}. "
        "Not you? Use the link in the mail we sent, or write to support.",
        href=reverse("payments:addresses"),
    )
    letters.send(
        address.player,
        "payout_address",
        {"address": address, "not_me_url": f"{settings.SITE_ORIGIN}{not_me_path(event.link_id)}"},
    )


@handles(EmailConfirmed)
def email_confirmed(event: EmailConfirmed) -> None:
    player = Player.objects.get(pk=event.player_id)
    suppressions.confirmed(player, event.email)


@handles(PayoutsFrozen)
def payouts_frozen(event: PayoutsFrozen) -> None:
    player = Player.objects.select_related("user").get(pk=event.player_id)
    services.notify(
        event.player_id,
        kind=Notice.Kind.WARNING,
        title="Payouts are frozen",
        text="Nothing leaves your account until a person of ours has spoken with you.",
        href=reverse("payments:withdraw"),
    )
    letters.send(player, "payouts_frozen", {})


@handles(WithdrawalCancelled)
def withdrawal_cancelled(event: WithdrawalCancelled) -> None:
    services.notify(
        event.player_id,
        kind=Notice.Kind.INFO,
        title="Withdrawal cancelled",
        text="The money is back in your balance.",
        category=Notice.Category.MONEY,
        href=reverse("payments:withdrawal_detail", args=[event.public_id]),
    )
