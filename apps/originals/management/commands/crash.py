"""Keep crash going: the `crash` process. Several may run; one of them leads."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from apps.audit import node_clock
from apps.originals import crash_runner


class Command(BaseCommand):
    help = "Run the rounds of crash until it is told to stop."
    # They look at all pages, which nobody asks of this process; a restart is to be quick.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        node_clock.watch()
        crash_runner.run(stopping)
