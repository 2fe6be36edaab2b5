"""Asks GAMSTOP."""

from datetime import timedelta

from django.conf import settings

from apps.core.ids import public_id
from apps.integrations.http import client
from apps.limits.providers.base import RegisterPerson, RegisterReply
from apps.limits.providers.register import wire


class Gamstop:
    # An answer is of the moment it was given: the next sign-in asks again.
    answer_keeps = timedelta(0)

    def ask(self, person: RegisterPerson) -> RegisterReply:
        answer = client("GAMSTOP").request(
            "POST",
            wire.PATH,
            body=wire.question(person),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                wire.KEY_HEADER: settings.GAMSTOP_API_KEY,
                wire.TRACE_HEADER: public_id("rg"),
            },
            timeout_seconds=settings.REGISTER_TIMEOUT_SECONDS,
            answer_bytes_max=16 * 1024,
        )
        return wire.reply(answer.status, answer.headers)
