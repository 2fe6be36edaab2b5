"""What verification has to say when money is about to leave."""

from django.db import transaction

from apps.audit.alarms import raise_alarm
from apps.core.secrets import SealBroken
from apps.kyc import applicants
from apps.kyc.services import screening
from apps.kyc.watchlists import ListBroken


@transaction.atomic
def screen_withdrawal(player_id: int) -> bool:
    """Hold a player against the watch lists, in the transaction of their request; whether clear.

    A hit stops the account at once: what was just set aside stays and waits for a person. The
    provider's lists are asked as well; they answer later, and what they say stops the payout then.
    Lists that cannot be read clear nobody.
    """
    applicants.ask_screening(player_id, fresh=True)
    try:
        return not screening.screen(player_id, screening.Why.WITHDRAWAL)
    except (ListBroken, SealBroken) as error:
        raise_alarm(
            "kyc.list_broken", message=f"A withdrawal is not screened: {error}", severity="critical"
        )
        return False
