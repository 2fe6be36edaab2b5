import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_schema_is_valid_and_without_warnings() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_the_schema_tells_amounts_errors_and_keys(client: Client) -> None:
    schema = json.loads(client.get("/api/v1/schema/?format=json").content)

    assert set(schema["components"]["securitySchemes"]) == {
        "API key",
        "Session token",
        "cookieAuth",
    }
    balance = schema["components"]["schemas"]["WalletOutput"]["properties"]["balance"]
    assert balance["type"] == "string"
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert "default" in operation["responses"], path
    withdrawal = schema["paths"]["/api/v1/withdrawals/"]["post"]
    named = {one["name"]: one for one in withdrawal["parameters"]}
    assert named["Idempotency-Key"]["required"] is True


def test_the_documentation_page_runs_under_its_own_policy(client: Client) -> None:
    page = client.get("/api/v1/docs/")
    script = client.get("/api/v1/docs/?script=")

    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "<script>" not in page.content.decode()
    assert "SwaggerUIBundle" in script.content.decode()
    assert (
        "'unsafe-inline'" not in client.get("/accounts/login/").headers["Content-Security-Policy"]
    )
