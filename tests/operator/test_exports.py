"""What leaves the house as a file."""

import csv
import io

import pytest
from openpyxl import load_workbook

from apps.accounts.models import Player
from apps.audit.exports import FORMULA_STARTS, neutral
from apps.audit.models import Record
from apps.payments.models import Withdrawal
from tests.operator.factories import World, make_staff, signed_in

pytestmark = pytest.mark.django_db

LISTS = ["accounts/player", "payments/deposit", "payments/withdrawal", "ledger/entry"]
CSV, XLSX = "0", "1"


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


@pytest.mark.parametrize("place", [*LISTS, "reports/revenuehour"])
def test_no_cell_of_an_export_is_a_formula(world: World, place: str) -> None:
    Withdrawal.objects.update(decision="=HYPERLINK(1)", tag="@x", error="-1+1", txid="+1")
    Player.objects.update(display_name="=cmd")
    client = signed_in(make_staff("finance"))

    answer = client.post(f"/operator/{place}/export/", {"format": CSV, "resource": "0"})

    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    rows = rows_of(answer.content)
    assert len(rows) > 1
    assert [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS)] == []


def test_formulas_get_an_apostrophe(world: World) -> None:
    Player.objects.update(display_name="=cmd")
    client = signed_in(make_staff("finance"))

    answer = client.post("/operator/accounts/player/export/", {"format": CSV, "resource": "0"})

    assert "'=cmd" in rows_of(answer.content)[1]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_every_start_is_neutralised(start: str) -> None:
    assert neutral(f"{start}1") == f"'{start}1".replace("\x00", "")


def test_spreadsheets_hold_the_same_rows_as_text(world: World) -> None:
    client = signed_in(make_staff("finance"))

    answer = client.post("/operator/ledger/entry/export/", {"format": XLSX, "resource": "0"})

    sheet = load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:4] == ("id", "created_at", "kind", "player")
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert any("0.5" in row for row in rows)


def test_an_export_is_recorded_with_its_filters_and_size(world: World) -> None:
    user = make_staff("finance")
    client = signed_in(user)

    client.post("/operator/ledger/entry/export/?kind__in=1,4", {"format": CSV, "resource": "0"})

    record = Record.objects.get(action="data.exported")
    assert record.actor_id == str(user.pk)
    assert record.after == {
        "list": "ledger.entry",
        "format": "csv",
        "filters": {"kind__in": "1,4"},
        "rows": 3,
    }


def test_the_player_export_holds_no_addresses(world: World) -> None:
    client = signed_in(make_staff("finance"))

    answer = client.post("/operator/accounts/player/export/", {"format": CSV, "resource": "0"})

    assert world.player.user.email not in answer.content.decode()


def test_the_audit_trail_is_exported_by_administrators_only(world: World) -> None:
    finance = signed_in(make_staff("finance"))
    administrator = signed_in(make_staff("administrator"))
    place = "/operator/audit/record/export/"

    refused = finance.post(place, {"format": CSV, "resource": "0"})
    given = administrator.post(place, {"format": CSV, "resource": "0"})

    assert refused.status_code == 403
    assert given.status_code == 200
    assert Record.objects.filter(action="data.exported").count() == 1
