"""Somebody edits the books as the owner of the database: the verifier names the row."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from apps.accounts.models import Player
from apps.audit import sealing, trail
from apps.audit import services as audit
from apps.audit.models import Record, Seal
from apps.audit.sealing import Stream
from apps.core.horizon import safe_horizon
from apps.ledger import verification
from apps.ledger.followers import SEQUENCE
from apps.ledger.models import Entry, Kind
from apps.ledger.verification import LedgerStream
from apps.wallet.movements import Result, Rollback
from tests.wallet.test_movements import Table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def anchors(settings: Any, tmp_path: Path) -> None:
    settings.ANCHOR_DIR = tmp_path


def sealed(stream: Stream, sequence: str) -> None:
    """Seal now. Any writer of the database server may hold that up, so it is given time."""
    horizon = safe_horizon(sequence, wait_seconds=30)
    assert horizon, "Somebody has been writing for long."
    assert sealing.seal(stream, horizon)


@pytest.fixture
def entries(player: Player, fund: Callable[..., Result]) -> list[Entry]:
    fund(player, "10.00", "EUR")
    table = Table(player)
    table.play(table.bet("b1", "4.00"))
    table.play(table.bet("b2", "1.00"))
    table.play(table.win("w1", "3.00"))
    table.play(Rollback("x1", "b2"))
    sealed(LedgerStream(), SEQUENCE)
    return list(Entry.objects.order_by("id"))


def as_owner(sql: str, params: list[Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)


def test_untouched_books_are_verified(entries: list[Entry]) -> None:
    out = StringIO()

    call_command("verify_ledger", stdout=out)

    assert "5 entries" in out.getvalue()


def test_one_wallet_is_verified_by_itself_rollbacks_included(entries: list[Entry]) -> None:
    wallet_id = entries[0].wallet_id
    assert any(entry.kind == Kind.ROLLBACK for entry in entries)

    assert verification.verify_wallet(wallet_id) == []
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE ledger_entry SET amount = amount - 1 WHERE id = %s", [entries[1].pk])
        cursor.execute("SET session_replication_role = origin")
    assert verification.verify_wallet(wallet_id)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET amount = amount + 1 WHERE id = %s",
        "UPDATE ledger_entry SET balance_after = balance_after + 1 WHERE id = %s",
        "UPDATE ledger_entry SET round_ref = 'other' WHERE id = %s",
        "UPDATE ledger_entry SET outside_id = 'other' WHERE id = %s",
    ],
)
def test_an_edited_entry_is_named(entries: list[Entry], sql: str) -> None:
    as_owner(sql, [entries[2].pk])

    with pytest.raises(CommandError, match=f"entry {entries[2].pk}:"):
        call_command("verify_ledger", stderr=StringIO())


def test_the_time_of_an_entry_is_sealed_too(entries: list[Entry]) -> None:
    as_owner(
        "UPDATE ledger_entry SET created_at = created_at - interval '1 day' WHERE id = %s",
        [entries[2].pk],
    )

    with pytest.raises(CommandError, match="ledger seal 1: a row between"):
        call_command("verify_ledger", stderr=StringIO())


def test_a_deleted_entry_is_missed(entries: list[Entry]) -> None:
    as_owner("DELETE FROM ledger_entry WHERE id = %s", [entries[2].pk])

    with pytest.raises(CommandError, match=f"entry {entries[3].pk}: wallet .* where 3 was due"):
        call_command("verify_ledger", stderr=StringIO())


def test_two_swapped_entries_are_named(entries: list[Entry]) -> None:
    one, two = entries[1].pk, entries[2].pk
    as_owner(
        "UPDATE ledger_entry e SET amount = o.amount, outside_id = o.outside_id, mac = o.mac "
        "FROM ledger_entry o WHERE (e.id, o.id) IN ((%s, %s), (%s, %s))",
        [one, two, two, one],
    )

    with pytest.raises(CommandError, match=f"entry {one}:"):
        call_command("verify_ledger", stderr=StringIO())


@pytest.mark.rule("AUD-06")
def test_a_changed_balance_is_named(entries: list[Entry]) -> None:
    wallet_id = entries[0].wallet_id
    as_owner("UPDATE ledger_wallet SET balance = balance + 5 WHERE id = %s", [wallet_id])

    with pytest.raises(CommandError, match=f"wallet {wallet_id}: holds"):
        call_command("verify_ledger", stderr=StringIO())


def test_a_cut_tail_is_found_by_the_checkpoint(entries: list[Entry], player: Player) -> None:
    sealing.anchor(LedgerStream(), force=True)
    as_owner("DELETE FROM audit_seal WHERE stream = %s", ["ledger"])

    findings = [str(finding) for finding in verification.verify()]

    assert any("the tail was cut" in finding for finding in findings)


def test_the_newest_entry_cannot_vanish(entries: list[Entry]) -> None:
    newest = entries[-1]
    as_owner("DELETE FROM ledger_entry WHERE id = %s", [newest.pk])

    with pytest.raises(CommandError, match=f"wallet {newest.wallet_id}: holds"):
        call_command("verify_ledger", stderr=StringIO())


def test_a_tail_that_is_cut_with_everything_that_knows_of_it_is_missed_by_the_seal(
    entries: list[Entry],
) -> None:
    """The forger also puts the wallet back and removes the operation; the seal remembers."""
    kept, gone = entries[-2], entries[-1]
    as_owner("DELETE FROM ledger_entry WHERE id = %s", [gone.pk])
    as_owner("DELETE FROM ledger_operation WHERE entry_id = %s", [gone.pk])
    as_owner("UPDATE ledger_operation SET state = 1 WHERE entry_id = %s", [gone.reverses_id])
    as_owner(
        "UPDATE ledger_wallet SET balance = %s, version = %s, link = %s WHERE id = %s",
        [kept.balance_after, kept.wallet_version, bytes(kept.link), kept.wallet_id],
    )

    with pytest.raises(CommandError, match="ledger seal 1: covers 5 rows, 4 are there"):
        call_command("verify_ledger", stderr=StringIO())


def test_a_forged_entry_with_a_right_link_and_sum_has_no_right_signature(
    entries: list[Entry],
) -> None:
    newest = entries[-1]
    forged_id = newest.pk + 1
    as_owner(
        """
        WITH forged AS (
            INSERT INTO ledger_entry (id, wallet_id, wallet_version, account_id, kind, amount,
                balance_after, partner_id, outside_id, closes_round, key_id, mac, link)
            SELECT %s, wallet_id, wallet_version + 1, 3, 4, 1000, balance_after + 1000, 3,
                   'forged', false, key_id, mac,
                   sha256(link || mac || int8send(wallet_version + 1)
                          || convert_to((balance_after + 1000)::text, 'UTF8'))
              FROM ledger_entry WHERE id = %s
            RETURNING id, wallet_id, link
        ), known AS (
            INSERT INTO ledger_operation (wallet_id, entry_id, partner_id, state, outside_id)
            SELECT wallet_id, id, 3, 1, 'forged' FROM forged
        )
        UPDATE ledger_wallet w SET balance = balance + 1000, version = version + 1, link = f.link
          FROM forged f WHERE w.id = f.wallet_id
        """,
        [forged_id, newest.pk],
    )

    with pytest.raises(
        CommandError, match=f"1 findings; the first: entry {forged_id}: its signature"
    ):
        call_command("verify_ledger", "--no-seal", stderr=StringIO())


def test_a_rollback_of_more_than_was_staked_is_named(entries: list[Entry]) -> None:
    as_owner(
        "UPDATE ledger_entry SET amount = amount + 1, balance_after = balance_after + 1 "
        "WHERE id = %s",
        [entries[-1].pk],
    )

    findings = [str(finding) for finding in verification.verify()]

    assert f"entry {entries[-1].pk}: does not undo the entry it names" in findings


def test_a_bet_that_is_made_undoable_again_is_named(entries: list[Entry]) -> None:
    as_owner("UPDATE ledger_operation SET state = 1 WHERE outside_id = %s", ["b2"])

    with pytest.raises(CommandError, match="operation 2/b2: is marked undone and is not"):
        call_command("verify_ledger", stderr=StringIO())


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_seal SET root = sha256('x') WHERE number = 1",
        "UPDATE audit_seal SET rows = rows + 1 WHERE number = 1",
        "UPDATE audit_seal SET mac = sha256('x') WHERE number = 1",
    ],
)
def test_an_edited_seal_is_named(entries: list[Entry], sql: str) -> None:
    as_owner(sql, [])

    with pytest.raises(CommandError, match="ledger seal 1: its signature does not match"):
        call_command("verify_ledger", stderr=StringIO())


@pytest.mark.rule("AUD-03", "AUD-06")
def test_books_rewritten_with_the_key_do_not_match_the_checkpoint(entries: list[Entry]) -> None:
    """Whoever has the key and the database can sign and seal anew; the checkpoints are elsewhere."""
    sealing.anchor(LedgerStream(), force=True)
    as_owner("UPDATE ledger_entry SET created_at = now() WHERE id = %s", [entries[2].pk])
    as_owner("DELETE FROM audit_seal WHERE stream = %s", ["ledger"])
    sealed(LedgerStream(), SEQUENCE)

    with pytest.raises(
        CommandError, match="ledger seal 1: is not the seal that was anchored outside"
    ):
        call_command("verify_ledger", stderr=StringIO())


@pytest.fixture
def sealed_twice(entries: list[Entry], player: Player) -> list[Entry]:
    """Three more entries under a second seal."""
    table = Table(player)
    for number in range(3):
        table.play(table.bet(f"later{number}", "0.10"))
    sealed(LedgerStream(), SEQUENCE)
    return list(Entry.objects.order_by("id"))


def verify_only() -> None:
    call_command("verify_ledger", "--no-seal", stderr=StringIO())


def test_a_chain_of_seals_rewritten_without_the_key_is_named(sealed_twice: list[Entry]) -> None:
    """The time of an entry is under no signature of its own: the forger must mend the seals."""
    as_owner("UPDATE ledger_entry SET created_at = now() WHERE id = %s", [sealed_twice[2].pk])
    first, second = Seal.objects.filter(stream="ledger").order_by("number")
    stream = LedgerStream()
    root = sealing.merkle_root([leaf for _, leaf in stream.leaves(0, first.upto_id, 100)])
    as_owner("UPDATE audit_seal SET root = %s WHERE id = %s", [root, first.pk])
    first.refresh_from_db()
    as_owner(
        "UPDATE audit_seal SET previous = %s WHERE id = %s",
        [sealing._seal_hash(first), second.pk],
    )

    findings = [str(finding) for finding in verification.verify()]

    assert "ledger seal 1: its signature does not match its content" in findings
    assert "ledger seal 2: its signature does not match its content" in findings
    assert not any("does not continue" in finding for finding in findings)
    assert not any("is not as it was sealed" in finding for finding in findings)


COPY_OF_A_SEAL = """
    INSERT INTO audit_seal (stream, number, from_id, upto_id, rows, root, previous, key_id, mac,
                            sealed_at)
    SELECT stream, %s, from_id, upto_id, {rows}, root, previous, {key_id}, {mac}, sealed_at
      FROM audit_seal WHERE stream = 'ledger' AND number = 2
"""


@pytest.mark.parametrize("rows", ["rows", "0", "-100000"])
@pytest.mark.parametrize(("key_id", "mac"), [("key_id", "mac"), ("99", "''::bytea")])
def test_an_inserted_seal_is_named(
    sealed_twice: list[Entry], rows: str, key_id: str, mac: str
) -> None:
    as_owner(COPY_OF_A_SEAL.format(rows=rows, key_id=key_id, mac=mac), [3])

    with pytest.raises(CommandError, match="first: ledger seal 3: its signature does not match"):
        verify_only()


def test_a_seal_put_between_two_is_named(sealed_twice: list[Entry]) -> None:
    as_owner("UPDATE audit_seal SET number = 3 WHERE number = 2", [])
    as_owner(
        COPY_OF_A_SEAL.format(rows="rows", key_id="key_id", mac="mac").replace(
            "number = 2", "number = 1"
        ),
        [2],
    )

    with pytest.raises(CommandError, match="first: ledger seal 2: its signature does not match"):
        verify_only()


def test_a_seal_taken_out_is_missed(sealed_twice: list[Entry]) -> None:
    as_owner("DELETE FROM audit_seal WHERE stream = 'ledger' AND number = 1", [])

    with pytest.raises(CommandError, match="first: ledger seal 1: is missing"):
        verify_only()


@pytest.mark.parametrize("options", [["--no-seal"], []], ids=["as found", "sealed anew"])
def test_a_tail_cut_with_all_that_knows_of_it_is_missed_by_the_checkpoint(
    sealed_twice: list[Entry], player: Player, options: list[str]
) -> None:
    sealing.anchor(LedgerStream(), force=True)
    kept, gone = sealed_twice[:5], sealed_twice[5:]
    as_owner("DELETE FROM audit_seal WHERE stream = 'ledger' AND number = 2", [])
    as_owner("DELETE FROM ledger_operation WHERE entry_id >= %s", [gone[0].pk])
    as_owner("DELETE FROM ledger_entry WHERE id >= %s", [gone[0].pk])
    as_owner(
        "UPDATE ledger_wallet SET balance = %s, version = %s, link = %s WHERE id = %s",
        [kept[-1].balance_after, kept[-1].wallet_version, bytes(kept[-1].link), kept[-1].wallet_id],
    )
    if not options:
        # Play goes on and gets a second seal, honestly made, over other entries.
        Table(player).play(Table(player).bet("new", "0.10"))

    with pytest.raises(
        CommandError, match=r"1 findings; the first: ledger seal 2: .*anchored outside"
    ):
        call_command("verify_ledger", *options, stderr=StringIO())


@pytest.mark.parametrize(
    "line",
    ["not json", "1", "[]", "{}", '{"mac": 5}', '{"mac": "é"}'],
)
def test_a_checkpoint_nobody_can_read_is_named(sealed_twice: list[Entry], line: str) -> None:
    path = sealing.anchor_path("ledger")
    with path.open("a") as file:
        file.write(f"{line}\n")
    number = len(path.read_text().splitlines())

    with pytest.raises(
        CommandError, match=f"first: checkpoint {path.name}:{number}: cannot be read"
    ):
        verify_only()


def test_a_checkpoint_signed_with_a_key_we_do_not_have_is_named(sealed_twice: list[Entry]) -> None:
    path = sealing.anchor_path("ledger")
    path.write_text(path.read_text().replace('"key_id": 1', '"key_id": 99'))

    with pytest.raises(CommandError, match=f"first: checkpoint {path.name}:1: its signature"):
        verify_only()


def test_a_checkpoint_that_was_edited_is_named(sealed_twice: list[Entry]) -> None:
    path = sealing.anchor_path("ledger")
    path.write_text(path.read_text().replace('"number": 1', '"number": 2'))

    with pytest.raises(CommandError, match=f"first: checkpoint {path.name}:1: its signature"):
        verify_only()


def test_an_entry_that_names_a_key_we_do_not_have_is_not_signed(entries: list[Entry]) -> None:
    """No key, no signature to compare with: an empty one must not pass for right."""
    newest = entries[-1]
    as_owner(
        """
        WITH forged AS (
            INSERT INTO ledger_entry (id, wallet_id, wallet_version, account_id, kind, amount,
                balance_after, partner_id, outside_id, closes_round, key_id, mac, link)
            SELECT nextval('ledger_entry_id_seq'), wallet_id, wallet_version + 1, 3, 4, 1000,
                   balance_after + 1000, 3, 'forged', false, 99, ''::bytea,
                   sha256(link || int8send(wallet_version + 1)
                          || convert_to((balance_after + 1000)::text, 'UTF8'))
              FROM ledger_entry WHERE id = %s
            RETURNING id, wallet_id, link
        ), known AS (
            INSERT INTO ledger_operation (wallet_id, entry_id, partner_id, state, outside_id)
            SELECT wallet_id, id, 3, 1, 'forged' FROM forged
        )
        UPDATE ledger_wallet w SET balance = balance + 1000, version = version + 1, link = f.link
          FROM forged f WHERE w.id = f.wallet_id
        """,
        [newest.pk],
    )
    forged = Entry.objects.get(outside_id="forged")

    with pytest.raises(
        CommandError, match=f"1 findings; the first: entry {forged.pk}: its signature"
    ):
        call_command("verify_ledger", stderr=StringIO())


def run(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


@pytest.mark.rule("PAY-01")
def test_an_entry_cannot_be_changed_even_by_the_owner(entries: list[Entry]) -> None:
    for sql in (
        "UPDATE ledger_entry SET amount = 0",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
    ):
        with pytest.raises(Error, match="append-only"):
            run(sql)


@pytest.mark.rule("PAY-01", "SEC-25", "AUD-03")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_wallet SET balance = 1000",
        "INSERT INTO ledger_operation (wallet_id, partner_id, state, outside_id) VALUES (1,1,1,'x')",
        "DELETE FROM ledger_entry",
        "UPDATE audit_record SET reason = ''",
        "DELETE FROM audit_record",
        "SELECT nextval('ledger_entry_id_seq')",
    ],
)
def test_the_role_the_casino_runs_as_may_not_touch_the_books(
    entries: list[Entry], sql: str
) -> None:
    with pytest.raises(Error, match="permission denied"):
        run("SET LOCAL ROLE casino_app", sql)


def test_the_role_the_casino_runs_as_can_move_money_through_the_functions(
    player: Player, fund: Callable[..., Result]
) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE casino_app")
        fund(player, "1.00", "EUR")

    assert Table(player).balance == "1.00"


class TestAudit:
    @pytest.fixture
    def rows(self, player: Player) -> list[int]:
        with transaction.atomic():
            ids = [
                audit.record("test.done", actor="system", subject=player, reason=str(n))
                for n in range(4)
            ]
        sealed(trail.AuditStream(), audit.SEQUENCE)
        return ids

    def test_an_untouched_trail_is_verified(self, rows: list[int]) -> None:
        out = StringIO()

        call_command("verify_audit", stdout=out)

        assert f"{Record.objects.count()} audit rows verified" in out.getvalue()

    @pytest.mark.rule("AUD-03", "AUD-06")
    def test_an_edited_row_is_named(self, rows: list[int]) -> None:
        as_owner("UPDATE audit_record SET reason = 'forged' WHERE id = %s", [rows[1]])

        with pytest.raises(CommandError, match=f"audit row {rows[1]}:"):
            call_command("verify_audit", stderr=StringIO())

    @pytest.mark.rule("AUD-03", "AUD-06")
    def test_a_deleted_row_is_missed(self, rows: list[int]) -> None:
        as_owner("DELETE FROM audit_record WHERE id = %s", [rows[1]])

        with pytest.raises(CommandError, match="audit seal 1: covers"):
            call_command("verify_audit", stderr=StringIO())

    @pytest.mark.rule("AUD-03", "AUD-06")
    def test_swapped_rows_are_named(self, rows: list[int]) -> None:
        as_owner("UPDATE audit_record SET id = CASE id WHEN %s THEN -1 ELSE id END", [rows[1]])
        as_owner("UPDATE audit_record SET id = %s WHERE id = %s", [rows[1], rows[2]])
        as_owner("UPDATE audit_record SET id = %s WHERE id = -1", [rows[2]])

        with pytest.raises(CommandError, match=f"audit row {rows[1]}:"):
            call_command("verify_audit", stderr=StringIO())

    @pytest.mark.rule("AUD-03", "AUD-06")
    def test_a_forged_row_is_named(self, rows: list[int]) -> None:
        as_owner(
            "INSERT INTO audit_record (id, at, action, actor_kind, actor_id, actor_label, "
            "subject_kind, subject_id, reason, request_id, session_ref, key_id, mac) "
            "SELECT id + 100, at, action, actor_kind, actor_id, actor_label, subject_kind, "
            "subject_id, reason, request_id, session_ref, key_id, mac FROM audit_record WHERE id = %s",
            [rows[1]],
        )

        with pytest.raises(CommandError, match=f"audit row {rows[1] + 100}:"):
            call_command("verify_audit", stderr=StringIO())

    @pytest.mark.rule("AUD-03", "AUD-06")
    def test_a_cut_tail_is_missed(self, rows: list[int]) -> None:
        as_owner("DELETE FROM audit_record WHERE id >= %s", [rows[2]])

        with pytest.raises(CommandError, match="audit seal 1: covers"):
            call_command("verify_audit", stderr=StringIO())

    @pytest.mark.rule("AUD-03", "AUD-06")
    def test_a_trail_cut_with_its_seals_is_missed_by_the_checkpoint(self, rows: list[int]) -> None:
        sealing.anchor(trail.AuditStream(), force=True)
        as_owner("DELETE FROM audit_record WHERE id >= %s", [rows[2]])
        as_owner("DELETE FROM audit_seal WHERE stream = %s", ["audit"])

        with pytest.raises(CommandError, match=r"audit seal 1: .*(anchored outside|tail was cut)"):
            call_command("verify_audit", stderr=StringIO())

    def test_a_row_inserted_with_a_key_we_do_not_have_is_named(self, rows: list[int]) -> None:
        as_owner(
            "INSERT INTO audit_record (id, at, action, actor_kind, actor_id, actor_label, "
            "subject_kind, subject_id, reason, request_id, session_ref, key_id, mac) "
            "SELECT nextval('audit_record_id_seq'), at, action, actor_kind, actor_id, actor_label, "
            "subject_kind, subject_id, reason, request_id, session_ref, 99, '' FROM audit_record WHERE id = %s",
            [rows[1]],
        )
        forged = Record.objects.order_by("-id")[0].pk

        with pytest.raises(CommandError, match=f"1 findings; the first: audit row {forged}:"):
            call_command("verify_audit", stderr=StringIO())

    def test_a_row_edited_together_with_its_seal_is_named_with_it(self, rows: list[int]) -> None:
        as_owner("UPDATE audit_record SET actor_id = '1' WHERE id = %s", [rows[1]])
        seal = Seal.objects.get(stream="audit")
        leaves = trail.AuditStream().leaves(0, seal.upto_id, 100)
        root = sealing.merkle_root([leaf for _, leaf in leaves])
        as_owner("UPDATE audit_seal SET root = %s WHERE id = %s", [root, seal.pk])

        findings = [str(finding) for finding in trail.verify_trail()]

        assert findings == [
            f"audit row {rows[1]}: was changed or was not written by us",
            "audit seal 1: its signature does not match its content",
            "audit seal 1: is not the seal that was anchored outside the database",
        ]

    def test_rows_in_another_order_are_named(self, rows: list[int]) -> None:
        """The contents of two rows change places, signatures and all."""
        one, two = rows[1], rows[2]
        as_owner(
            "UPDATE audit_record e SET at = o.at, reason = o.reason, mac = o.mac "
            "FROM audit_record o WHERE (e.id, o.id) IN ((%s, %s), (%s, %s))",
            [one, two, two, one],
        )

        named = [finding.row for finding in trail.verify_trail()]

        assert named == [f"audit row {one}", f"audit row {two}", "audit seal 1"]
