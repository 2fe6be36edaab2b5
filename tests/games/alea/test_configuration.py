"""Production starts without Alea, with all of it, and never with half of it."""

import pytest

from tests.messaging.test_settings import start

MAIL = {"MAIL_FALLBACK_BACKEND": "django.core.mail.backends.smtp.EmailBackend"}
WHOLE = {
    "ALEA_BASE_URL": "https://customer-api.alea.example",
    "ALEA_OPERATOR_ID": "1204",
    "ALEA_SECRET": "a-secret-of-sixteen-or-more",
    "ALEA_API_TOKEN": "a-token-of-sixteen-or-more",
}


def test_production_works_with_all_of_it() -> None:
    done = start(**MAIL, **WHOLE)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("missing", ["ALEA_BASE_URL", "ALEA_SECRET"])
def test_production_does_not_start_with_half_of_it(missing: str) -> None:
    there = {name: value for name, value in WHOLE.items() if name != missing}

    done = start(**MAIL, **there)

    assert done.returncode != 0
    assert "ALEA_" in done.stderr
