"""What verification does when it hears of something."""

from apps.accounts.events import DuplicateSuspected, PhoneChanged
from apps.events.bus import handles
from apps.kyc import persons


@handles(DuplicateSuspected)
def suspected(event: DuplicateSuspected) -> None:
    persons.note(event.player_id, event.other_id, [event.by])


@handles(PhoneChanged)
def phone_changed(event: PhoneChanged) -> None:
    persons.look(event.player_id)
