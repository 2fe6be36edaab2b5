"""Anybody can tell a genuine statement from one that was touched."""

import io
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError

from apps.accounts.models import Player
from apps.audit import signatures
from apps.wallet.statements import periods, services
from apps.wallet.statements.models import Statement
from apps.wallet.statements.sealing import Verdict
from tests.conftest import fund

pytestmark = pytest.mark.django_db


@pytest.fixture
def statement(player: Player) -> Statement:
    fund(player, "0.5", "BTC")
    fund(player, "0.25", "ETH")
    return services.issue(player=player, period=periods.named("2026"))


def verdict_on(data: bytes) -> Verdict:
    return services.verify_file(io.BytesIO(data), len(data))[0]


def test_a_file_can_be_checked_with_nothing_of_ours_but_the_public_key(
    statement: Statement, tmp_path: Path
) -> None:
    path = tmp_path / "statement.csv"
    path.write_bytes(services.csv_of(statement).read())
    above = subprocess.run(["head", "-n", "-1", path], capture_output=True, check=True).stdout
    _, number, digest, key_id, signature = path.read_text().splitlines()[-1].split(",")

    public = Ed25519PublicKey.from_public_bytes(signatures.public_keys()[int(key_id)])
    public.verify(bytes.fromhex(signature), f"statement\n{number}\n{digest}\n".encode())

    assert sha256(above).hexdigest() == digest == statement.digest
    assert number == statement.number
    with pytest.raises(InvalidSignature):
        public.verify(bytes.fromhex(signature), f"statement-pdf\n{number}\n{digest}\n".encode())


@pytest.mark.parametrize("write", [lambda of: services.csv_of(of).read(), services.pdf_of])
def test_every_changed_byte_is_found(
    statement: Statement, write: Callable[[Statement], bytes]
) -> None:
    data = write(statement)
    assert verdict_on(data) == Verdict.GENUINE

    for at in range(0, len(data) - 3, max(len(data) // 60, 1)):
        touched = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert verdict_on(touched) != Verdict.GENUINE, at
    assert verdict_on(data[:-400]) == Verdict.NOT_SIGNED
    assert verdict_on(b"") == Verdict.NOT_SIGNED
    assert verdict_on(b"x" + data) == Verdict.CHANGED
    assert verdict_on(data.replace(b"0.5", b"5.0")) != Verdict.GENUINE or b"0.5" not in data


def test_the_signature_of_one_statement_does_not_fit_another(
    statement: Statement, player: Player
) -> None:
    fund(player, "1", "BTC")
    other = services.issue(player=player, period=periods.named("2026-11"))
    body = services.csv_of(statement).read().rsplit(b"\r\nSignature,", 1)[0] + b"\r\n"
    line = services.stored_seal(other).line

    assert verdict_on(body + line) == Verdict.CHANGED
    assert verdict_on(body + line.replace(other.number.encode(), statement.number.encode())) == (
        Verdict.FORGED
    )
    forged = services.stored_seal(statement).line.replace(statement.signature[:4].encode(), b"0000")
    assert verdict_on(body + forged) == Verdict.FORGED


def test_what_another_installation_signed_is_not_ours(statement: Statement, settings) -> None:  # type: ignore[no-untyped-def]
    data = services.csv_of(statement).read()
    settings.AUDIT_KEYS = {1: b"x" * 32}

    assert verdict_on(data) == Verdict.FORGED


def test_old_statements_are_verified_after_the_keys_were_rotated(
    statement: Statement, settings
) -> None:  # type: ignore[no-untyped-def]
    data = services.csv_of(statement).read()
    settings.AUDIT_KEYS = {9: b"n" * 32} | settings.AUDIT_KEYS

    assert verdict_on(data) == Verdict.GENUINE
    assert signatures.sign(b"x")[0] == 9


def test_a_statement_we_signed_and_do_not_know_is_unknown(statement: Statement) -> None:
    data = services.csv_of(statement).read()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM statements_statement")
        cursor.execute("SET session_replication_role = origin")

    assert verdict_on(data) == Verdict.UNKNOWN


@pytest.mark.parametrize("kind", ["csv", "pdf"])
def test_the_command_tells_genuine_from_changed(
    statement: Statement, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    good, bad = tmp_path / f"good.{kind}", tmp_path / f"bad.{kind}"
    data = services.csv_of(statement).read() if kind == "csv" else services.pdf_of(statement)
    good.write_bytes(data)
    bad.write_bytes(data.replace(b"1", b"7", 1))

    call_command("verify_statement", str(good))
    assert statement.number in capsys.readouterr().out
    with pytest.raises(CommandError, match="Changed"):
        call_command("verify_statement", str(bad))
    with pytest.raises(CommandError, match="No such file"):
        call_command("verify_statement", str(tmp_path / "none"))


def test_number_and_digest_are_enough_to_ask(statement: Statement) -> None:
    ask = services.verify_digest

    assert ask(statement.number, statement.digest)[0] == Verdict.GENUINE
    assert ask(f" {statement.number} ", statement.digest.upper() + "\n")[0] == Verdict.GENUINE
    assert ask(statement.number, "0" * 64)[0] == Verdict.UNKNOWN
    assert ask("st_nothing", statement.digest)[0] == Verdict.UNKNOWN
    assert ask(statement.number + "\x00", statement.digest)[0] == Verdict.UNKNOWN


@pytest.mark.parametrize(
    "sql", ["UPDATE statements_statement SET movements = 7", "DELETE FROM statements_statement"]
)
def test_what_was_issued_cannot_be_changed_in_the_database(statement: Statement, sql: str) -> None:
    with (
        pytest.raises((InternalError, IntegrityError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)

    assert Statement.objects.get().movements == 2
