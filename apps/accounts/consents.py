"""Consent to marketing: per channel and per product, off until it is given, with time and source."""

from collections.abc import Iterable

from django.db import transaction

from apps.accounts.models import Consent, Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput

Pair = tuple[str, str]
Channel, Product = Consent.Channel, Consent.Product
PAIRS: tuple[Pair, ...] = tuple(
    (channel, product) for channel in Channel.values for product in Product.values
)


def given(player: Player) -> set[Pair]:
    """What the player wants offers of, and how: pairs of channel and product."""
    rows = Consent.objects.filter(player=player, is_given=True)
    return set(rows.values_list("channel", "product"))


def allows(player: Player, channel: str, product: str) -> bool:
    """Whether offers of a product may go out by a channel now. Asked when they are sent."""
    return Consent.objects.filter(
        player=player, channel=channel, product=product, is_given=True
    ).exists()


@transaction.atomic
def choose(*, player: Player, wanted: Iterable[Pair], source: str) -> None:
    """Set every consent at once: what is not named is taken back. Raises InvalidInput.

    source: `registration`, `page`, `api`, `unsubscribe`.
    """
    wanted = set(wanted)
    if not wanted <= set(PAIRS):
        raise InvalidInput(fields={"consent": "There is no such channel or product."})
    row = Player.objects.select_for_update(no_key=True).get(pk=player.pk)
    before = given(row)
    at = now()
    for channel, product in sorted(before ^ wanted):
        Consent.objects.update_or_create(
            player=row,
            channel=channel,
            product=product,
            defaults={
                "is_given": (channel, product) in wanted,
                "source": source,
                "changed_at": at,
            },
        )
    if before != wanted:
        audit.record(
            "player.marketing_consent",
            actor=player,
            subject=player,
            before={"given": _names(before)},
            after={"given": _names(wanted), "source": source},
        )
    # Whether anything goes out by mail at all, as the mail queue asks.
    by_mail = any(channel == Channel.EMAIL for channel, _ in wanted)
    if row.wants_marketing != by_mail:
        row.wants_marketing = by_mail
        row.save(update_fields=["wants_marketing"])
    player.wants_marketing = by_mail


def set_mail(*, player: Player, is_given: bool, source: str) -> None:
    """Give or take back the consent to offers by mail, of every product; other channels stay."""
    others = {pair for pair in given(player) if pair[0] != Channel.EMAIL}
    mail = {pair for pair in PAIRS if pair[0] == Channel.EMAIL} if is_given else set()
    if player.wants_marketing == is_given and is_given:
        return
    choose(player=player, wanted=others | mail, source=source)


def _names(pairs: set[Pair]) -> list[str]:
    return sorted(f"{channel}:{product}" for channel, product in pairs)
