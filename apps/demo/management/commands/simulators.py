"""Serve the vendors' simulators in the foreground."""

import os
import signal
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from granian import Granian
from granian.constants import Interfaces

THREADS = 32  # a hanging answer or a slow casino occupies one


class Command(BaseCommand):
    requires_system_checks = ()  # they check the site, which this is not
    help = "Serve the simulators of all partners, for development, demo and tests."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8003)
        parser.add_argument(
            "--with-parent",
            action="store_true",
            help="End when standard input closes, as it does when the starter ends in any way.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.ENVIRONMENT_NAME == "Production":
            # Anybody who reaches them can send the casino signed wins and deposits.
            raise CommandError("The simulators do not run with production settings.")
        if options["with_parent"]:
            threading.Thread(target=_end_with_parent, daemon=True).start()
        self.stdout.write(f"Simulators at http://{options['host']}:{options['port']}/")
        Granian(
            "casino.simulators_wsgi:application",
            address=options["host"],
            port=options["port"],
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=THREADS,
            websockets=False,
            log_access=False,
        ).serve()


def _end_with_parent() -> None:
    # Not through sys.stdin: its lock, held here, would be waited for by the worker that is forked.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
