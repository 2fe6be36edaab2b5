"""The pages and the API, as stranger, other player and owner."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import Player
from apps.core.clock import now
from apps.wallet.statements import periods, services
from apps.wallet.statements.models import Statement
from tests.api.clients import error_of, signed_in, stranger, with_key
from tests.conftest import fund

pytestmark = pytest.mark.django_db


@pytest.fixture
def statement(player: Player) -> Statement:
    fund(player, "0.5", "BTC")
    return services.issue(player=player, period=periods.named("2026"))


def test_a_player_makes_one_and_downloads_it(client: Client, player: Player) -> None:
    fund(player, "0.5", "BTC")
    client.force_login(player.user)
    year = str(now().year)

    made = client.post("/wallet/statements/", {"period": year, "currency": "BTC"}, follow=True)

    assert made.status_code == 200
    number = Statement.objects.get().number
    assert made.redirect_chain[-1][0] == f"/wallet/statements/{number}/"
    assert b"0.50000000" in made.content
    csv_file = client.get(f"/wallet/statements/{number}/csv/")
    data = b"".join(csv_file.streaming_content)
    assert csv_file["Content-Type"] == "text/csv; charset=utf-8"
    assert csv_file["Content-Disposition"] == f'attachment; filename="{number}.csv"'
    assert int(csv_file["Content-Length"]) == len(data)
    pdf = client.get(f"/wallet/statements/{number}/pdf/")
    assert b"".join(pdf.streaming_content).startswith(b"%PDF-")
    assert number in client.get("/wallet/statements/").content.decode()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"period": "days", "first": "2026-02-30", "last": "2026-03-01"}, "first"),
        ({"period": "days", "first": "2026-03-02", "last": "2026-03-01"}, "last"),
        ({"period": "days", "first": "", "last": ""}, "first"),
        ({"period": "days", "first": "2098-03-02", "last": "2098-03-03"}, "first"),
        ({"period": "1999"}, "period"),
        (
            {"period": "days", "first": "2026-01-01", "last": "2026-01-02", "currency": "X"},
            "currency",
        ),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_field(
    client: Client, player: Player, data: dict[str, str], field: str
) -> None:
    client.force_login(player.user)

    answer = client.post("/wallet/statements/", {"currency": "all"} | data)

    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert Statement.objects.count() == 0


@pytest.mark.parametrize("end", ["", "csv/", "pdf/"])
def test_statements_of_others_do_not_exist(
    client: Client, other_player: Player, statement: Statement, end: str
) -> None:
    path = f"/wallet/statements/{statement.number}/{end}"
    assert client.get(path).status_code == 302

    client.force_login(other_player.user)
    assert client.get(path).status_code == 404
    api = signed_in(other_player).get(f"statements/{statement.number}/{end}")
    assert (api.status_code, error_of(api)["code"]) == (404, "not_found")
    assert stranger().get(f"statements/{statement.number}/{end}").status_code == 401


def test_anybody_checks_a_file(client: Client, statement: Statement) -> None:
    data = services.csv_of(statement).read()

    def said_of(content: bytes) -> tuple[int, str]:
        answer = client.post(
            "/wallet/statements/verify/",
            {"by": "file", "file": SimpleUploadedFile("s.csv", content)},
        )
        return answer.status_code, answer.context.get("verdict", "")

    assert said_of(data) == (200, "genuine")
    assert said_of(data.replace(b"0.5", b"5.5")) == (200, "changed")
    assert said_of(services.pdf_of(statement)) == (200, "genuine")
    assert said_of(b"hello") == (200, "not_signed")
    assert said_of(b"") == (422, "")
    assert client.post("/wallet/statements/verify/", {"by": "file"}).status_code == 422
    assert client.post("/wallet/statements/verify/").status_code == 200


def test_anybody_checks_a_digest_and_learns_nothing_of_the_player(
    client: Client, statement: Statement
) -> None:
    def page(digest: str) -> str:
        data = {"by": "digest", "number": statement.number, "digest": digest}
        return client.post("/wallet/statements/verify/", data).content.decode()

    genuine = page(statement.digest)
    assert "Genuine" in genuine
    assert statement.player_name not in genuine
    assert statement.player_ref not in genuine
    assert "We have issued no statement" in page("ab" * 32)


def test_a_file_that_is_too_large_is_refused(
    client: Client, statement: Statement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "FILE_BYTES_MAX", 100)

    answer = client.post(
        "/wallet/statements/verify/",
        {"by": "file", "file": SimpleUploadedFile("s.csv", b"x" * 101)},
    )

    assert answer.status_code == 422
    assert answer.context["by_file"].errors["file"]


def test_the_api_makes_reads_lists_and_verifies(player: Player) -> None:
    fund(player, "0.5", "BTC")
    caller = with_key(player, "read")

    made = caller.post("statements/", {"first_day": "2026-01-01", "last_day": "2099-01-01"})

    assert made.status_code == 201
    body = made.json()
    assert body["balances"] == [
        {
            "currency": "BTC",
            "purse": "cash",
            "opening": "0.00000000",
            "came_in": "0.50000000",
            "went_out": "0.00000000",
            "closing": "0.50000000",
        }
    ]
    assert [one["kind"] for one in body["totals"]] == ["deposit"]
    assert caller.get(f"statements/{body['number']}/").json() == body
    assert [one["number"] for one in caller.get("statements/").json()["results"]] == [
        body["number"]
    ]
    data = b"".join(
        caller.get(f"statements/{body['number']}/csv/", Accept="text/csv").streaming_content
    )
    assert data.decode().splitlines()[-1].split(",")[1:3] == [body["number"], body["digest"]]
    asked = f"statements/verify/?number={body['number']}&digest="
    assert stranger().get(asked + body["digest"]).json()["verdict"] == "genuine"
    assert stranger().get(f"{asked}00").json()["verdict"] == "unknown"
    assert stranger().get("statements/verify/").json()["verdict"] == "unknown"
    assert stranger().get("statements/verify/?more=1").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"period": "26"}, {"period": "2026-13"}, {"first_day": "x", "last_day": "y"}),
        *({"period": "2026", "currency": "NOPE"}, {"period": "2026", "more": "1"}),
    ],
)
def test_the_api_says_what_it_cannot_read(player: Player, body: dict[str, str]) -> None:
    answer = signed_in(player).post("statements/", body)

    assert answer.status_code == 400
    assert error_of(answer)
    assert Statement.objects.count() == 0
