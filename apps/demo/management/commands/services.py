"""PostgreSQL and Redis without the casino, for work on it with one's own processes."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from casino import embedded


class Command(BaseCommand):
    help = "Run the embedded PostgreSQL and Redis in the foreground and print their URLs."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = embedded.start()
        self.stdout.write(f'export DATABASE_URL="{found.database_url}"')
        self.stdout.write(f'export REDIS_URL="{found.redis_url}"')
        self.stdout.flush()
        ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        signal.sigwait(ends)
        embedded.stop()
