"""What a player gets by mail. What guards the account cannot be switched off."""

from dataclasses import dataclass

from django.db import transaction

from apps.accounts import profile
from apps.accounts.models import Player
from apps.core.errors import InvalidInput
from apps.messaging.models import MailChoice


@dataclass(frozen=True)
class Topic:
    code: str
    title: str
    text: str


@dataclass(frozen=True)
class TopicChoice:
    topic: Topic
    is_on: bool


MARKETING = "marketing"
ALWAYS = (
    Topic("sign_in", "Password and e-mail address", "Changes, and links to confirm or reset them"),
    Topic("taken_back", "Payments taken back", "When a bank takes back what you had paid in"),
    Topic("payouts", "Payout addresses", "A new address, and payouts that were frozen"),
)
TOPICS = (
    Topic("deposits", "Deposits", "When one is in your balance, set aside or sent back"),
    Topic("withdrawals", "Withdrawals", "When one is requested, sent or refused"),
    Topic(MARKETING, "News and offers", "Only while you want them"),
)
CODES = {topic.code for topic in TOPICS}


def wants(player: Player, code: str) -> bool:
    if not code:
        return True
    if code == MARKETING:
        return bool(player.wants_marketing)
    kept = MailChoice.objects.filter(player=player, topic=code).first()
    return kept.is_on if kept is not None else True


def choices(player: Player) -> list[TopicChoice]:
    kept = dict(MailChoice.objects.filter(player=player).values_list("topic", "is_on"))
    kept[MARKETING] = player.wants_marketing
    return [TopicChoice(topic, kept.get(topic.code, True)) for topic in TOPICS]


@transaction.atomic
def choose(player: Player, wanted: set[str]) -> None:
    """Switch every topic on or off at once. Raises InvalidInput."""
    if unknown := sorted(wanted - CODES):
        raise InvalidInput(fields={"topic": f"There is no topic {unknown[0][:32]}."})
    for topic in TOPICS:
        is_on = topic.code in wanted
        if topic.code == MARKETING:
            profile.set_marketing(player=player, wants_marketing=is_on, source="page")
        else:
            MailChoice.objects.update_or_create(
                player=player, topic=topic.code, defaults={"is_on": is_on}
            )
