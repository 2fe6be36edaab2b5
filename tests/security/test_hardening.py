"""Headers, start-up refusals, the way out, logs, errors and exports."""

import io
import logging
import re
import subprocess
import sys
from typing import Any

import pytest
import structlog
from django.conf import settings as project
from django.test import Client

from apps.audit.exports import neutral
from apps.core import logs
from apps.integrations import http
from apps.integrations.errors import ProviderError
from tests.operator.factories import make_staff, signed_in

SECRETS = {
    "SECRET_KEY": "k3y-0f-A-testing-house-that-nobody-has-1234",
    "AUDIT_KEYS": "1:" + bytes(range(32)).hex(),
    "FIELD_KEYS": "1:" + bytes(range(32, 64)).hex(),
    "SOFTSWISS_AUTH_TOKEN": "a-token-of-sixteen-or-more",
    "COINSPAID_SECRET": "a-secret-of-sixteen-or-more",
    "ALLOWED_HOSTS": "casino.example.com",
    "DATABASE_URL": "postgresql://nobody@nowhere/nothing",
    "REDIS_URL": "redis://nowhere",
    "MAIL_FALLBACK_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
}
READ = (
    "import casino.settings.production as p;"
    "print(p.SESSION_COOKIE_NAME, p.CSRF_COOKIE_NAME, p.SESSION_COOKIE_SECURE,"
    " p.SECURE_HSTS_SECONDS, p.DEBUG, p.OUTBOUND_PRIVATE_ALLOWED, p.SESSION_COOKIE_SAMESITE,"
    " ','.join(p.STAFF_PASSKEY_ROLES))"
)


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    """Read production's settings in a process of its own."""
    environment = {"PATH": "/usr/bin:/bin", **SECRETS, **changes}
    return subprocess.run(
        [sys.executable, "-c", READ],
        capture_output=True,
        text=True,
        cwd=project.BASE_DIR,
        env={name: value for name, value in environment.items() if value},
        timeout=60,
    )


@pytest.mark.rule("SEC-08", "SEC-09", "SEC-03")
def test_production_has_host_cookies_a_year_of_https_and_no_way_inside() -> None:
    told = start()

    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == [
        "__Host-session", "__Host-csrf", "True", "31536000", "False", "False", "Lax",
        "finance,compliance,administrator",
    ]  # fmt: skip


@pytest.mark.rule("SEC-18")
@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "at least 32"),
        ({"SECRET_KEY": "a-development-key-that-no-production-start-accepts"}, "placeholder"),
        ({"AUDIT_KEYS": "1:" + "5eed" * 16}, "placeholder"),
        ({"FIELD_KEYS": "1:" + bytes(range(16)).hex()}, "at least 32 bytes"),
        ({"FIELD_KEYS": SECRETS["AUDIT_KEYS"]}, "must not share"),
        ({"CRASH_DIR": "/srv/crash"}, "CRASH_DIR"),
    ],
)
def test_production_does_not_start_with_default_short_or_shared_secrets(
    changes: dict[str, str], complaint: str
) -> None:
    told = start(**changes)

    assert told.returncode != 0
    assert complaint in told.stderr


@pytest.mark.rule("SEC-09")
@pytest.mark.django_db
def test_pages_say_what_a_browser_may_do() -> None:
    page = Client().get("/terms/")
    policy = dict(
        part.strip().partition(" ")[::2] for part in page["Content-Security-Policy"].split(";")
    )
    office = signed_in(make_staff("support")).get("/operator/")

    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page["X-Frame-Options"] == "DENY"
    # Nothing inline that the policy would stop.
    text = page.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", text)
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)
    for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in office["Content-Security-Policy"]
    assert "no-store" in office["Cache-Control"]


@pytest.mark.rule("SEC-15")
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\x00="])
def test_no_cell_of_an_export_is_run_by_a_spreadsheet(start: str) -> None:
    cell = neutral(f"{start}HYPERLINK(0)")

    assert cell == f"'{start}HYPERLINK(0)".replace("\x00", "")
    assert neutral("plain") == "plain"
    assert neutral(7) == 7


# ---- the way out -------------------------------------------------------------------------------


@pytest.mark.rule("SEC-17")
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "[::1]", "[fd00::1]", "localhost",
     "[::ffff:10.0.0.1]"],
)  # fmt: skip
def test_production_asks_nobody_inside(settings: Any, host: str) -> None:
    settings.OUTBOUND_PRIVATE_ALLOWED = False

    with pytest.raises(ProviderError, match="not a public host") as refused:
        http.VendorHttp("Probe", f"https://{host}").request("GET", "/")

    assert not refused.value.outcome_unknown


@pytest.mark.rule("SEC-17")
def test_nobody_is_asked_but_at_the_configured_host_over_https(settings: Any) -> None:
    partner = http.VendorHttp("Probe", "https://partner.example")
    with pytest.raises(ProviderError, match="own host only"):
        partner._check_host("https://elsewhere.example/x")
    settings.OUTBOUND_PRIVATE_ALLOWED = False

    with pytest.raises(ProviderError, match="https only"):
        http.VendorHttp("Probe", "http://partner.example").request("GET", "/")

    assert partner._client.follow_redirects is False
    assert http.is_public("8.8.8.8")
    assert not http.is_public("::ffff:127.0.0.1")


# ---- logs and errors ---------------------------------------------------------------------------


@pytest.mark.rule("SEC-21")
def test_a_log_line_is_one_line_without_secrets() -> None:
    out = io.StringIO()
    log = structlog.wrap_logger(
        structlog.PrintLogger(out), processors=structlog.get_config()["processors"]
    )
    log.info("asked", path="/x\n2026-01-01 [info] forged", password="hunter2", api_key="ck_1", n=1)
    record = logging.LogRecord(
        "x", logging.INFO, "", 0, "Not Found: %s", ("/a\r\nINFO forged",), None
    )

    line = logs.OneLineFormatter("%(message)s").format(record)

    assert out.getvalue().count("\n") == 1
    assert "hunter2" not in out.getvalue()
    assert "ck_1" not in out.getvalue()
    assert "\\nforged" not in line
    assert "\n" not in line
    assert "\\r\\nINFO forged" in line


@pytest.mark.rule("SEC-21")
def test_the_level_of_the_log_is_what_the_setting_says() -> None:
    before = structlog.get_config()
    try:
        logs.configure("ERROR")
        log = structlog.get_logger().bind()
        assert not log.is_enabled_for(logging.INFO)
        assert log.is_enabled_for(logging.ERROR)
    finally:
        structlog.configure(**before)


@pytest.mark.rule("SEC-20")
@pytest.mark.django_db
def test_an_error_shows_no_trace_of_what_broke(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.security.broken_urls"

    answer = Client(raise_request_exception=False).get("/breaks/")

    assert answer.status_code == 500
    assert "secret_column" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
    assert project.DEBUG is False
