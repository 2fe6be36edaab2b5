"""Places in the money code where a fault test lets a process die, as a power cut would.

`reach("payout.intended")` does nothing, unless the settings name a folder (production refuses to) and
a file of that name lies in it. Then the file is removed and the process gets SIGKILL: once, however
many threads and processes come by.
"""

import os
import signal
from pathlib import Path

from django.conf import settings


def reach(point: str) -> None:
    """Die here when a test asked for it; otherwise one look at a setting."""
    if settings.CRASH_DIR:
        _die_if_armed(Path(settings.CRASH_DIR) / point)


def _die_if_armed(mark: Path) -> None:
    try:
        mark.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
