"""Pages about people who work here and about what can be proved: entrance, rights, trail."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from apps.operator.views import assurance, emergency, passkeys

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def open_patterns() -> list[URLPattern]:
    """What somebody at the door needs."""
    return [
        path("passkeys/challenge/", passkeys.challenge, name="operator_passkey_challenge"),
    ]


def patterns(wrap: Wrap) -> list[URLPattern]:
    return [
        path("passkeys/", wrap(passkeys.show), name="operator_passkeys"),
        path("passkeys/options/", wrap(passkeys.options), name="operator_passkey_options"),
        path(
            "passkeys/<int:passkey_id>/remove/",
            wrap(passkeys.remove),
            name="operator_passkey_remove",
        ),
        path("emergency/", wrap(emergency.show), name="operator_emergency"),
        path("emergency/ask/", wrap(emergency.ask), name="operator_emergency_ask"),
        path("emergency/<int:access_id>/end/", wrap(emergency.end), name="operator_emergency_end"),
        path("assurance/", wrap(assurance.show), name="operator_assurance"),
        path("assurance/verify/", wrap(assurance.verify), name="operator_verify"),
        path("assurance/runs/<int:run_id>/", wrap(assurance.run), name="operator_verifier_run"),
        path("significant/", wrap(assurance.significant), name="operator_significant"),
        path("access-report/", wrap(assurance.access), name="operator_access_report"),
    ]
