"""Publishing what is owed, and proving one's place in it."""

import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Player, User
from apps.audit import sealing
from apps.audit.models import Record
from apps.core.clock import now
from apps.core.money import Money
from apps.games.followers import Rounds
from apps.games.models import RoundFinish
from apps.ledger.followers import catch_up
from apps.ledger.models import Partner, Purse, Wallet
from apps.ledger.selectors import currency
from apps.treasury.liabilities import selectors, services
from apps.treasury.liabilities.errors import MayNotPublish, NotIncluded, ProofGone
from apps.treasury.liabilities.models import Leaf, Node, Snapshot, Tree
from apps.treasury.liabilities.tree import ProofBroken
from apps.treasury.liabilities.verification import verify
from apps.wallet import movements
from apps.wallet.services import open_wallet
from tests.conftest import fund, make_player, make_staff
from tests.operator import factories as operator
from tests.statements.factories import ledger_sums, money, move_at_random

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _anchors(settings: Any, tmp_path: Path) -> None:
    settings.ANCHOR_DIR = tmp_path


@pytest.fixture
def debtor(db: None) -> Player:
    """Somebody who owes 0.3 BTC and keeps 0.2 BTC in the vault."""
    player = make_player("carol")
    fund(player, "0.5", "BTC")
    movements.vault_put(player_id=player.pk, amount=money("0.2"), key="v")
    movements.deposit_reversed(
        partner="coinspaid", player_id=player.pk, amount=money("0.6"), key="r", deposit_id=1
    )
    return player


def totals() -> dict[str, str]:
    return {
        of.code: selectors.total(by_part).text
        for of, by_part in selectors.liabilities()
        if selectors.total(by_part)
    }


def test_liabilities_are_all_purses_of_all_players(player: Player, other_player: Player) -> None:
    fund(player, "0.5", "BTC")
    fund(other_player, "0.25", "BTC")
    fund(other_player, "3", "ETH")
    movements.vault_put(player_id=player.pk, amount=money("0.1"), key="v")
    movements.withdrawal_reserved(
        player_id=player.pk, amount=money("0.15"), key="w", withdrawal_id=1
    )
    movements.deposit_held(
        partner="coinspaid", player_id=player.pk, amount=money("1"), key="h", deposit_id=2
    )

    found = {of.code: by_part for of, by_part in selectors.liabilities()}

    assert found["BTC"] == {
        "cash": money("0.5"),
        "bonus": money("0"),
        "vault": money("0.1"),
        "reserved": money("0.15"),
        "held": money("1"),
        "staked": money("0"),
    }
    assert totals() == {"BTC": "1.75000000", "ETH": "3.000000000000000000"}


def test_a_debt_lessens_nothing(player: Player, debtor: Player) -> None:
    fund(player, "1", "BTC")
    assert Wallet.objects.get(player=debtor, purse=Purse.CASH).balance < 0

    assert totals() == {"BTC": "1.20000000"}
    services.publish_daily()
    proven = verify(selectors.proof(debtor, 1))
    assert proven.included[0].units == money("0.2").units
    assert proven.included[0].total == money("1.2").units
    assert proven.included[0].parts["cash"] == 0


STAKES = [
    # What is said of one round, in order, and what is staked in it then.
    (["bet 1"], "1"),
    (["bet 1", "bet 2"], "3"),
    (["bet 1", "win 4"], "1"),
    (["bet 1", "win 4 end"], "0"),
    (["bet 1", "end"], "0"),
    (["bet 1", "undo"], "0"),
    (["bet 1", "win 4 end", "bet 2"], "0"),
]


@pytest.mark.parametrize(("said", "staked"), STAKES)
@pytest.mark.parametrize("followed", ["not yet", "in between", "all"])
def test_stakes_of_open_rounds_are_owed(
    player: Player, said: list[str], staked: str, followed: str
) -> None:
    fund(player, "10", "BTC")
    for number, words in enumerate(said):
        say(player, number, words)
        if followed == "all" or (followed == "in between" and number == 0):
            catch_up([Rounds()])

    [by_part] = [by_part for of, by_part in selectors.liabilities() if of.code == "BTC"]
    services.publish_daily()

    assert by_part["staked"] == money(staked)
    [included] = verify(selectors.proof(player, 1)).included
    assert included.parts["staked"] == money(staked).units
    assert included.total == selectors.total(by_part).units


def say(player: Player, number: int, words: str) -> None:
    """`bet 1`, `win 4 end`, `undo` (of the first bet), `end`: in the player's one round."""
    act, *rest = words.split()
    wallet = open_wallet(player_id=player.pk, currency_code="BTC")
    ends = "end" in rest
    operation: movements.Bet | movements.Win | movements.Rollback
    if act == "end":
        partner = Partner.objects.get(code="softswiss")
        RoundFinish.objects.create(partner=partner, wallet=wallet, round_ref="r", finished_at=now())
        return
    if act == "bet":
        operation = movements.Bet(f"o:{number}", money(rest[0]), "r", None)
    elif act == "win":
        operation = movements.Win(f"o:{number}", money(rest[0]), "r", None, closes_round=ends)
    else:
        operation = movements.Rollback(f"o:{number}", "o:0")
    movements.play([operation], partner="softswiss", wallet_id=wallet.pk, currency=currency("BTC"))


@pytest.mark.parametrize("seed", [4, 5])
def test_what_is_published_equals_the_ledger(
    player: Player, other_player: Player, seed: int
) -> None:
    move_at_random(player, seed, 120)
    move_at_random(other_player, seed + 50, 120)

    snapshot = services.publish_daily()

    assert snapshot is not None
    sums: dict[str, int] = {}
    for owner in (player, other_player):
        for (code, _), total in ledger_sums(owner).items():
            units = max(Money.from_major(total, currency(code)).units, 0)
            sums[code] = sums.get(code, 0) + units
    shown = {one.currency: int(one.units) for one in snapshot.trees.all()}
    assert shown == {code: units for code, units in sums.items() if units}
    assert list(services.verify_published()) == []


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_everybody_proves_their_place(count: int) -> None:
    players = [make_player() for _ in range(count)]
    for place, one in enumerate(players, start=1):
        fund(one, f"0.{place}", "BTC")
        if place % 2:
            fund(one, str(place), "EUR")

    snapshot = services.publish_daily()

    assert snapshot is not None
    for place, one in enumerate(players, start=1):
        proof = json.loads(json.dumps(selectors.proof(one, snapshot.number)))
        proven = verify(proof, published=snapshot.digest)
        held = {found.currency: found.units for found in proven.included}
        expected = {"BTC": money(f"0.{place}").units}
        assert held == expected | ({"EUR": place * 100} if place % 2 else {})
        assert proven.player == one.public_id


@pytest.mark.slow
def test_a_thousand_players_are_published_and_proven() -> None:
    players = [make_player("") for _ in range(3)]
    _many_holders(997)
    for one in players:
        fund(one, "0.5", "BTC")

    snapshot = services.publish_daily()

    assert snapshot is not None
    [tree] = snapshot.trees.all()
    assert tree.count == 1000
    for one in players:
        [included] = verify(selectors.proof(one, 1), published=snapshot.digest).included
        assert (included.units, included.count) == (50_000_000, 1000)
    assert list(services.verify_published()) == []


def test_neighbours_learn_nothing_but_sums(player: Player, other_player: Player) -> None:
    fund(player, "0.5", "BTC")
    fund(other_player, "0.7", "BTC")
    services.publish_daily()

    text = json.dumps(selectors.proof(player, 1)) + json.dumps(
        selectors.as_json(selectors.snapshot(1))
    )

    assert other_player.public_id not in text
    assert other_player.display_name not in text
    # The same balance has another hash every time: days cannot be linked.
    services.publish(by=make_staff("administrator"), reason="Asked for.")
    first, second = selectors.proof(player, 1), selectors.proof(player, 2)
    assert first["proofs"][0]["nonce"] != second["proofs"][0]["nonce"]
    assert first["proofs"][0]["path"] != second["proofs"][0]["path"]


def test_publishing_is_signed_chained_audited_and_anchored(
    player: Player, administrator: User, tmp_path: Path
) -> None:
    fund(player, "0.5", "BTC")
    first = services.publish_daily()
    assert first is not None

    second = services.publish(by=administrator, reason="An auditor asked.")

    assert first.previous == "0" * 64
    assert second.previous == first.digest
    assert services.publish_daily() is None
    rows = Record.objects.filter(action="liabilities.published").order_by("id")
    assert [(row.actor_kind, row.reason) for row in rows] == [
        ("system", ""),
        ("user", "An auditor asked."),
    ]
    assert rows[0].after is not None
    assert rows[0].after["totals"] == {"BTC": "50000000"}
    lines = sealing.anchor_path("liabilities").read_text().splitlines()
    assert {json.loads(line)["number"] for line in lines} == {1, 2}
    assert list(services.verify_published()) == []


def test_only_who_may_publishes(player: Player, support: User, finance: User) -> None:
    for person in (support, finance):
        with pytest.raises(MayNotPublish):
            services.publish(by=person, reason="Because.")
    assert Snapshot.objects.count() == 0


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE liabilities_tree SET root = repeat('0', 64)", "roots are not the ones"),
        ("UPDATE liabilities_tree SET units = units - 1", "do not sum to its total"),
        ("UPDATE liabilities_node SET units = units - 1 WHERE level = 0", "do not give its root"),
        ("DELETE FROM liabilities_node WHERE level = 0 AND position = 0", "leaves"),
        ("UPDATE liabilities_snapshot SET digest = repeat('0', 64)", "roots are not the ones"),
        ("UPDATE liabilities_snapshot SET signature = repeat('0', 128)", "signature is wrong"),
        ("UPDATE liabilities_tree SET parts = '{}'", "is not as it was sealed"),
        (
            "DELETE FROM liabilities_node; DELETE FROM liabilities_leaf;"
            "DELETE FROM liabilities_tree; DELETE FROM liabilities_snapshot",
            "covers 1 rows, 0 are there",
        ),
    ],
)
def test_what_is_changed_behind_our_back_is_named(
    player: Player, other_player: Player, sql: str, words: str
) -> None:
    fund(player, "0.5", "BTC")
    fund(other_player, "0.5", "BTC")
    services.publish_daily()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET session_replication_role = origin")

    assert any(words in str(one) for one in services.verify_published())
    with pytest.raises(CommandError):
        call_command("verify_liability", stderr=_Nowhere())


@pytest.mark.parametrize("table", ["liabilities_snapshot", "liabilities_tree"])
def test_what_was_published_cannot_be_changed_in_the_database(player: Player, table: str) -> None:
    fund(player, "0.5", "BTC")
    services.publish_daily()

    for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id"):
        with (
            pytest.raises((InternalError, IntegrityError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
    assert (Snapshot.objects.count(), Tree.objects.count()) == (1, 1)


def test_old_trees_are_forgotten_and_their_sums_stay(player: Player, settings: Any) -> None:
    fund(player, "0.5", "BTC")
    services.publish_daily()
    settings.LIABILITIES_KEEP_DAYS = 60
    assert services.delete_old_trees() == 0
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE liabilities_snapshot SET taken_at = %s", [now() - timedelta(days=61)]
        )
        cursor.execute("SET session_replication_role = origin")

    assert services.delete_old_trees() == 1

    assert (Leaf.objects.count(), Node.objects.count(), Tree.objects.count()) == (0, 0, 1)
    with pytest.raises(ProofGone):
        selectors.proof(player, 1)


def test_who_held_nothing_has_nothing_to_prove(player: Player, other_player: Player) -> None:
    fund(player, "0.5", "BTC")
    services.publish_daily()

    with pytest.raises(NotIncluded):
        selectors.proof(other_player, 1)
    assert selectors.provable(other_player) == []
    assert [one.number for one in selectors.provable(player)] == [1]


def test_nothing_owed_is_published_too() -> None:
    snapshot = services.publish_daily()

    assert snapshot is not None
    assert snapshot.trees.count() == 0
    assert list(services.verify_published()) == []


# ---- the command ----------------------------------------------------------------------------------
@pytest.fixture
def proof_file(player: Player, other_player: Player, tmp_path: Path) -> Path:
    fund(player, "0.5", "BTC")
    fund(other_player, "0.25", "BTC")
    services.publish_daily()
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(selectors.proof(player, 1)))
    return path


def test_the_command_tells_what_a_proof_proves(
    proof_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_liability", str(proof_file), "--holds", "BTC:0.5")

    said = capsys.readouterr().out
    assert "BTC: 0.50000000 is in a total of 0.75000000, owed to 2" in said
    with pytest.raises(CommandError, match=r"not 0\.6"):
        call_command("verify_liability", str(proof_file), "--holds", "BTC:0.6")
    with pytest.raises(CommandError, match="about 0 ETH"):
        call_command("verify_liability", str(proof_file), "--holds", "ETH:1")
    with pytest.raises(CommandError, match=r"like BTC:0\.5"):
        call_command("verify_liability", str(proof_file), "--holds", "BTC:lots")
    with pytest.raises(CommandError, match="not the published"):
        call_command("verify_liability", str(proof_file), "--digest", "0" * 64)


def test_the_command_refuses_what_was_touched(proof_file: Path) -> None:
    proof = json.loads(proof_file.read_text())
    more = copy.deepcopy(proof)
    more["proofs"][0]["parts"]["cash"] = "60000000"
    forged = proof | {"signature": "0" * 128}
    for touched, words in ((more, "does not lead|do not add up"), (forged, "signature")):
        proof_file.write_text(json.dumps(touched))
        with pytest.raises(CommandError, match=words):
            call_command("verify_liability", str(proof_file))
    proof_file.write_text("{" * 50_000)
    with pytest.raises(CommandError, match="not JSON"):
        call_command("verify_liability", str(proof_file))
    with pytest.raises(CommandError, match="No such file"):
        call_command("verify_liability", str(proof_file) + "x")


# ---- the pages ------------------------------------------------------------------------------------
def test_anybody_reads_what_is_published(client: Client, player: Player) -> None:
    assert client.get("/proof-of-liabilities/").status_code == 200
    assert client.get("/proof-of-liabilities/newest.json").status_code == 404
    fund(player, "0.5", "BTC")
    snapshot = services.publish_daily()
    assert snapshot is not None

    page = client.get("/proof-of-liabilities/").content.decode()
    found = client.get("/proof-of-liabilities/newest.json", follow=True).json()

    assert snapshot.digest in page
    assert player.public_id not in page
    assert found["digest"] == snapshot.digest
    assert found["currencies"]["BTC"]["total"] == "50000000"
    assert client.get("/proof-of-liabilities/2.json").status_code == 404
    assert client.get("/proof-of-liabilities/99999999999999999999.json").status_code == 404


def test_a_player_downloads_their_own_proof_only(
    client: Client, player: Player, other_player: Player
) -> None:
    fund(player, "0.5", "BTC")
    services.publish_daily()
    path = "/proof-of-liabilities/1/mine.json"
    assert client.get(path).status_code == 302

    client.force_login(player.user)
    answer = client.get(path)
    assert "attachment" in answer["Content-Disposition"]
    assert verify(answer.json()).player == player.public_id
    client.force_login(other_player.user)
    assert client.get(path).status_code == 404


def test_a_proof_of_another_day_does_not_pass_for_today(
    player: Player, administrator: User
) -> None:
    fund(player, "0.5", "BTC")
    services.publish_daily()
    old = selectors.proof(player, 1)
    new = services.publish(by=administrator, reason="Again.")

    with pytest.raises(ProofBroken):
        verify(old, published=new.digest)
    with pytest.raises(ProofBroken):
        verify(old | {"number": 2}, published=new.digest)


class _Nowhere:
    def write(self, text: str) -> None:
        pass

    def isatty(self) -> bool:
        return False


def _many_holders(count: int) -> None:
    """Players with 0.001 BTC each, written without their sign-in: hashing a thousand passwords takes long."""
    for number in range(count):
        user = User.objects.create(email=f"holder{number}@example.com", password="!")
        player = Player.objects.create(
            user=user,
            display_name=f"holder{number}",
            birth_date="1990-01-01",
            country="DE",
            terms_version="1",
            terms_accepted_at=now(),
        )
        fund(player, "0.001", "BTC")


# ---- the back office ------------------------------------------------------------------------------
def test_an_administrator_publishes_with_a_reason(player: Player) -> None:
    fund(player, "0.5", "BTC")
    office = operator.signed_in(operator.make_staff("administrator"))
    path = reverse("admin:liabilities_snapshot_publish")

    assert office.get(path).status_code == 200
    assert office.post(path, {"reason": ""}).status_code == 422
    assert Snapshot.objects.count() == 0
    assert office.post(path, {"reason": "An auditor asked."}).status_code == 302
    assert Snapshot.objects.get().reason == "An auditor asked."
    page = office.get(reverse("admin:liabilities_snapshot_changelist")).content.decode()
    assert "0.50000000 BTC" in page


@pytest.mark.parametrize("role", ["support", "finance"])
def test_others_have_no_button_to_publish(role: str) -> None:
    office = operator.signed_in(operator.make_staff(role))

    assert office.post(
        reverse("admin:liabilities_snapshot_publish"), {"reason": "x"}
    ).status_code in {302, 403}
    assert Snapshot.objects.count() == 0
