"""What can be proved and shown: verifications, significant events, the release, who may do what."""

import io
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from openpyxl import load_workbook

from apps.accounts.models import Player
from apps.audit import exports, release, significant
from apps.audit import services as audit
from apps.audit.models import Alarm, Record
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.ledger.followers import follow
from apps.ledger.models import Block, Entry
from apps.operator import masking, verifier
from apps.operator.models import VerifierRun
from apps.reports.large import LargeMoney
from apps.wallet import integrity, restrictions
from apps.wallet.errors import WalletBlocked
from tests.conftest import fund
from tests.operator.factories import make_staff, signed_in
from tests.wallet.test_movements import Table

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_checkpoints(settings: Any, tmp_path: Path) -> None:
    settings.ANCHOR_DIR = tmp_path / "anchors"


def as_owner(sql: str, params: list[object]) -> None:
    """Change what the triggers protect, as somebody with the database in their hands could."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET session_replication_role = origin")


def recorded(action: str, **fields: Any) -> int:
    with transaction.atomic():
        return audit.record(action, actor=fields.pop("actor", "system"), **fields)


# ---- J3: books that were changed -----------------------------------------------------------------


@pytest.mark.rule("AUD-06", "PAY-02")
def test_who_does_not_add_up_stops_playing_and_nobody_else(
    player: Player, other_player: Player
) -> None:
    fund(player, "0.05")
    fund(other_player, "0.05")
    assert integrity.check() == []
    wallet_id = Entry.objects.get(wallet__player=player).wallet_id
    as_owner("UPDATE ledger_wallet SET balance = balance + 1 WHERE id = %s", [wallet_id])

    findings = integrity.check()
    integrity.check()

    assert findings[0].row == f"wallet {wallet_id}"
    [stop] = restrictions.standing(player.pk)
    assert stop.code == "books_differ"
    assert stop.stops & Block.PLAY
    assert restrictions.standing(other_player.pk) == []
    assert Alarm.objects.get(code="ledger.broken", subject=f"wallet {wallet_id}").count == 2
    table = Table(player, "BTC")
    with pytest.raises(WalletBlocked):
        table.play(table.bet("b1", "0.001"))
    as_owner("UPDATE ledger_wallet SET balance = balance - 1 WHERE id = %s", [wallet_id])


# ---- verifications -------------------------------------------------------------------------------


@pytest.mark.rule("AUD-06")
def test_the_auditor_has_it_verified_and_reads_the_first_bad_row(player: Player) -> None:
    row = recorded("test.done", subject=player, reason="as it was")
    browser = signed_in(make_staff("auditor"))
    assert browser.post("/operator/assurance/verify/", {"what": "trail"}).status_code == 302
    assert browser.post("/operator/assurance/verify/", {"what": "trail"}).status_code == 422
    assert verifier.run_due() == 1
    passed = VerifierRun.objects.get()
    assert (passed.state, passed.found) == ("passed", 0)
    as_owner("UPDATE audit_record SET reason = 'forged' WHERE id = %s", [row])

    assert verifier.ask_all() == 2  # a checkout has no release
    verifier.run_due()

    failed = VerifierRun.objects.get(state="failed")
    assert failed.findings[0] == f"audit row {row}: was changed or was not written by us"
    assert (
        f"audit row {row}:"
        in browser.get(f"/operator/assurance/runs/{failed.pk}/").content.decode()
    )
    assert "differs" in browser.get("/operator/assurance/").content.decode()
    assert Alarm.objects.get(code="trail.differs").severity == "critical"
    as_owner("UPDATE audit_record SET reason = 'as it was' WHERE id = %s", [row])


@pytest.mark.rule("AUD-02")
def test_an_act_fails_when_its_audit_row_cannot_be_written(player: Player) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_record ADD CONSTRAINT full_disk CHECK (false) NOT VALID")

    with pytest.raises(Exception, match="full_disk"), transaction.atomic():
        restrictions.impose(
            player_id=player.pk, code="probe", stops=int(Block.PLAY), words="Stopped.",
            actor="system", reason="A test",
        )  # fmt: skip

    assert restrictions.standing(player.pk) == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_record DROP CONSTRAINT full_disk")


# ---- significant events --------------------------------------------------------------------------


@pytest.mark.rule("AUD-04")
def test_a_large_deposit_and_a_large_day_are_significant_events(
    player: Player, settings: Any
) -> None:
    settings.SIGNIFICANT_ABOVE = 1000
    fund(player, "999.00", "EUR")
    fund(player, "0.50", "EUR")
    fund(player, "1000.00", "EUR")
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]

    while follow(LargeMoney(), newest):
        pass

    single = Record.objects.get(action="money.large_deposit")
    day = Record.objects.get(action="money.large_deposit_day")
    assert (single.after["amount"][:4], single.after["value"]) == ("1000", "1000.00")
    assert day.subject_id == str(player.pk)
    assert Decimal(day.after["value"]) == Decimal("1999.50")
    assert significant.kind_of(single.action) == "large win, wager or payment"


@pytest.mark.rule("AUD-05", "AUD-07", "SEC-15")
def test_the_report_says_who_why_before_and_after_and_leaves_as_a_safe_file(
    player: Player,
) -> None:
    finance = make_staff("finance")
    recorded(
        "rule.changed", actor=finance, before={"max": 1}, after={"max": 2},
        reason="=HYPERLINK(0)",
    )  # fmt: skip
    recorded("statement.issued", reason="nothing special")
    browser = signed_in(make_staff("compliance"))
    today = now().date()
    query = f"since={today}&until={today}&kind=parameter+changed"

    page = browser.get(f"/operator/significant/?{query}").content.decode()
    sheet = browser.get(f"/operator/significant/?{query}&format=xlsx")
    empty = browser.get(
        f"/operator/significant/?since={today - 9 * DAY}&until={today - 8 * DAY}&format=csv"
    )

    for text in ("Cinnabar", "Generated", finance.email, "rule.changed", "&quot;max&quot;: 2"):
        assert text in page, text
    assert "statement.issued" not in page
    cells = [cell.value for row in load_workbook(io.BytesIO(sheet.content)).active for cell in row]
    assert "'=HYPERLINK(0)" in cells
    assert not [one for one in cells if str(one).startswith(exports.FORMULA_STARTS)]
    assert "No activity" in empty.content.decode()
    assert Record.objects.filter(action="data.exported").count() == 2
    assert browser.get("/operator/significant/?since=x&until=2026-01-01").status_code == 422
    assert signed_in(make_staff("support")).get("/operator/significant/").status_code == 403


@pytest.mark.rule("AUD-10")
def test_the_report_of_accounts_has_rights_last_access_and_password() -> None:
    finance = make_staff("finance")
    recorded("staff.password_changed", actor=finance, subject=finance)
    with transaction.atomic():
        audit.record("operator.logged_in", actor=finance, subject=finance)
    Record.objects.filter(action="operator.logged_in")
    browser = signed_in(make_staff("auditor"))

    page = browser.get("/operator/access-report/").content.decode()
    lines = browser.get("/operator/access-report/?format=csv").content.decode().splitlines()

    assert finance.email in page
    [line] = [one for one in lines if one.startswith(finance.email)]
    assert ",finance," in line
    assert "payments.approve_withdrawal" in line
    assert line.endswith(",code,active")
    assert f"{now():%Y-%m-%d}" in line


@pytest.mark.rule("AUD-10")
def test_who_may_not_see_identities_sees_them_masked(player: Player) -> None:
    recorded(
        "player.email_changed", actor="system",
        after={"email": "rosalind@example.org"}, reason="from 203.0.113.77",
    )  # fmt: skip
    row = Record.objects.latest("pk")

    masked = signed_in(make_staff("auditor")).get(f"/operator/audit/record/{row.pk}/change/")
    seen = signed_in(make_staff("compliance")).get(f"/operator/audit/record/{row.pk}/change/")

    assert "rosalind@example.org" not in masked.content.decode()
    assert "203.0.113.77" not in masked.content.decode()
    assert "rosalind@example.org" in seen.content.decode()
    assert masking.masked_text("to a.b@c.example, 10.1.2.3") == (
        "to a•••••@c•••••.example, 10.1.•••.•••"
    )


# ---- the release ---------------------------------------------------------------------------------


@pytest.mark.rule("AUD-11")
def test_a_program_file_that_is_not_as_released_is_named(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apps").mkdir()
    for name in ("apps/a.py", "apps/b.py", "manage.py"):
        (tmp_path / name).write_text(f"# {name}\n")
    key = Ed25519PrivateKey.generate().private_bytes_raw()
    settings.BASE_DIR, settings.RELEASE_MANIFEST = tmp_path, tmp_path / "release.json"
    settings.RELEASE_PUBLIC_KEY = release.public_key_of(key)
    monkeypatch.setenv("RELEASE_SIGNING_KEY", key.hex())
    call_command("sign_release", "--name", "1.2", "--output", str(tmp_path / "release.json"))
    out = io.StringIO()
    call_command("verify_release", stdout=out)
    assert "3 program files are as released" in out.getvalue()

    (tmp_path / "apps/a.py").write_text("# a back door\n")
    (tmp_path / "apps/b.py").unlink()
    (tmp_path / "apps/c.py").write_text("")
    with pytest.raises(CommandError, match=r"3 findings; the first: apps/a\.py: is not as it was"):
        call_command("verify_release", stderr=io.StringIO())
    verifier.release_at_start(release.verify().findings)

    assert Record.objects.get(action="release.differs").after["found"] == 3
    assert significant.kind_of("release.differs") == "program or record mismatch"
    told = json.loads((tmp_path / "release.json").read_text())
    told["files"]["apps/c.py"] = "00"
    (tmp_path / "release.json").write_text(json.dumps(told))
    assert [str(one) for one in release.verify().findings] == [
        "release.json: its signature is not of the release key"
    ]


def test_reports_refuse_what_they_cannot_make() -> None:
    browser = signed_in(make_staff("administrator"))

    assert browser.get("/operator/access-report/?format=exe").status_code == 404
    with pytest.raises(DomainError):
        verifier.ask(what="weather", by=None)
