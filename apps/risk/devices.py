"""What devices say about who is whose: a random cookie, and nothing else of the machine.

`apps/accounts/devices.py` gives a browser its token and keeps the hash with each player who signs in
there. Two players with the same hash used the same browser. Nothing is measured of a device: no
fonts, no canvas, no list of plug-ins; the privacy page says what is kept (`DISCLOSURE`).
"""

from collections.abc import Iterator
from datetime import datetime

from apps.accounts.models import KnownDevice
from apps.accounts.sessions import device

DEVICES_MAX = 50
# In the words of the privacy page (templates/site/terms.html shows them).
DISCLOSURE = (
    "A cookie with a random number tells us that a browser was here before. With it we keep what "
    "the browser calls itself, its network address, and when it was first and last seen.",
    "We use this to tell you of a sign-in on a device we did not know, to let you in on your own "
    "device while somebody else guesses your password, and to see when one device is used by "
    "several accounts.",
    "We measure nothing else of your device, and no other company gets the number. You can make us "
    "forget a device under Security; without the cookie every sign-in counts as one on a new device.",
)


def marks(player_id: int) -> Iterator[tuple[str, str, datetime]]:
    """A player's devices as (text, hint, when), for the graph of linked accounts."""
    found = KnownDevice.objects.filter(player_id=player_id).order_by("-last_seen_at")
    for one in found[:DEVICES_MAX]:
        yield one.token_hash, device(one.user_agent), one.last_seen_at
