"""Production starts with a whole configuration of the mail provider, or with another way named."""

import os
import subprocess
import sys

import pytest

KEYS = {
    "SENDPOST_API_KEY": "k1-abcdefghijklmnop",
    "SENDPOST_MARKETING_API_KEY": "k2-abcdefghijklmnop",
    "SENDPOST_ACCOUNT_API_KEY": "k3-abcdefghijklmnop",
    "SENDPOST_WEBHOOK_SECRET": "0123456789abcdefghijklmnopqrstuvwxyz",
    "SENDPOST_WEBHOOK_URL": "https://casino.example.com/callbacks/sendpost",
}
WHOLE = {"SENDPOST_BASE_URL": "https://api.sendpost.io/api/v1", **KEYS}


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "DATABASE_URL", "REDIS_URL")}
    secret = "k3y-0f-A-testing-house-that-nobody-has-1234"
    return subprocess.run(
        [sys.executable, "-c", "import casino.settings.production"],
        env={
            **kept,
            "SECRET_KEY": secret,
            "ALLOWED_HOSTS": "casino.example.com",
            "AUDIT_KEYS": "1:" + bytes(range(32)).hex(),
            "FIELD_KEYS": "1:" + bytes(range(32, 64)).hex(),
            "SOFTSWISS_AUTH_TOKEN": "a-token-of-sixteen-or-more",
            "COINSPAID_SECRET": "a-secret-of-sixteen-or-more",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_whole_configuration_starts() -> None:
    done = start(**WHOLE)

    assert (done.returncode, done.stderr) == (0, "")


def test_another_way_has_to_be_named() -> None:
    assert "MAIL_FALLBACK_BACKEND" in start().stderr
    assert (
        start(MAIL_FALLBACK_BACKEND="django.core.mail.backends.smtp.EmailBackend").returncode == 0
    )


@pytest.mark.parametrize("missing", sorted(WHOLE))
def test_half_a_configuration_does_not_start(missing: str) -> None:
    there = {name: value for name, value in WHOLE.items() if name != missing}

    done = start(**there, MAIL_FALLBACK_BACKEND="django.core.mail.backends.smtp.EmailBackend")

    assert done.returncode != 0
    assert "SENDPOST" in done.stderr


def test_a_header_without_its_secret_does_not_start() -> None:
    assert "SENDPOST_SIGNATURE_SECRET" in start(**WHOLE, SENDPOST_SIGNATURE_HEADER="X-Sign").stderr
