"""The treasury's pages: who gets in, two people from click to effect, and what they cost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit.models import Proposal, Record
from apps.core.clock import now
from apps.integrations import inbox
from apps.operator.roles import PERMISSIONS
from apps.payments.models import Deposit
from apps.treasury.models import Adjustment, Break, HouseWallet, Run, Transfer
from apps.treasury.services import holdings
from apps.treasury.services.reconciliation import reconcile
from tests.conftest import fund
from tests.operator.factories import code_of, make_player, make_staff, signed_in
from tests.site.browser import visiting
from tests.treasury.factories import (
    Book,
    agree,
    cash,
    gateway_wallet,
    make_deposit,
    make_withdrawal,
    money,
    own_wallet,
    propose_adjustment,
)
from tests.treasury.walking import walk

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class World:
    player: Player
    proposal: Proposal
    order: Proposal
    held: Deposit
    row: Break
    hot: HouseWallet


@pytest.fixture
def world(book: Book, player: Player, maker: User, checker: User) -> World:
    """One of everything the pages show."""
    today = now().date()
    deposit = make_deposit(player, "0.5")
    withdrawal = make_withdrawal(player, maker, "0.1")
    book.add(today, deposit.outside_ref, "0.5", fee="0.001")
    book.add(today, withdrawal.outside_ref, "0.2", kind="withdrawal")
    book.add(today - timedelta(days=1), "7000001", "0.25")
    inbox.receive("coinspaid", "deposit", b'{"id": 7000001}', {}, outside_ref="7000001")
    reconcile("coinspaid", today - timedelta(days=1), by=maker)
    reconcile("coinspaid", today, by=maker)
    hot, cold = HouseWallet.objects.get(currency_id="BTC"), own_wallet("cold", "0.3")
    agree(
        holdings.propose_reading(
            wallet_id=cold.pk, amount=money("0.31"), evidence="Device 3", note="Weekly", by=maker
        ),
        checker,
    )
    return World(
        player=player,
        proposal=propose_adjustment(player, maker, "0.01"),
        order=holdings.propose_transfer(
            source_id=hot.pk, target_id=cold.pk, amount=money("0.05"), note="Too hot", by=maker
        ),
        held=make_deposit(player, "0.03", state="held", held_because="deposit_max"),
        row=Break.objects.get(kind="missing_here"),
        hot=hot,
    )


def own_pages(world: World) -> dict[str, str]:
    """Every page with the permission it needs."""
    proposal = f"/operator/proposals/{world.proposal.public_id}"
    row = f"/operator/reconciliation/breaks/{world.row.public_id}"
    wallet, held = (
        f"/operator/treasury/wallets/{world.hot.pk}",
        f"/operator/held/{world.held.public_id}",
    )
    return {
        "/operator/treasury/": "treasury.view_housewallet",
        "/operator/treasury/wallets/new/": "treasury.propose_housewallet",
        f"{wallet}/transfer/": "treasury.propose_transfer",
        f"{wallet}/balance/": "treasury.propose_housewallet",
        "/operator/treasury/thresholds/BTC/": "treasury.propose_threshold",
        f"/operator/players/{world.player.pk}/adjust/": "treasury.propose_adjustment",
        "/operator/proposals/": "audit.view_proposal",
        f"{proposal}/": "audit.view_proposal",
        f"{proposal}/approve/": "audit.view_proposal",
        f"{proposal}/reject/": "audit.view_proposal",
        f"{proposal}/take-back/": "audit.view_proposal",
        f"{proposal}/complete/": "audit.view_proposal",
        "/operator/reconciliation/": "treasury.view_break",
        "/operator/reconciliation/run/": "treasury.reconcile_break",
        f"{row}/": "treasury.view_break",
        f"{row}/assign/": "treasury.assign_break",
        f"{row}/explain/": "treasury.resolve_break",
        f"{row}/resolve/": "treasury.resolve_break",
        "/operator/payments/": "operator.view_payment_board",
        "/operator/receivables/": "treasury.view_chargeback",
        "/operator/held/": "operator.view_payment_board",
        f"{held}/release/": "payments.release_deposit",
        f"{held}/refund/": "payments.refund_deposit",
    }


def state_of(world: World) -> list[object]:
    return [
        Proposal.objects.get(pk=world.proposal.pk).state,
        Break.objects.get(pk=world.row.pk).state,
        Deposit.objects.get(pk=world.held.pk).state,
        Proposal.objects.count(),
        Run.objects.count(),
    ]


# ---- who gets in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(PERMISSIONS))
def test_pages_open_for_the_roles_that_have_the_permission(world: World, role: str) -> None:
    client = signed_in(make_staff(role))

    for address, permission in own_pages(world).items():
        expected = 200 if permission in PERMISSIONS[role] else 403
        assert client.get(address).status_code == expected, address


def test_a_post_without_the_permission_changes_nothing(world: World, checker: User) -> None:
    client = signed_in(make_staff("support"))
    before = state_of(world)

    for address in own_pages(world):
        answer = client.post(address, {"reason": "because", "evidence": "x", "amount": "1"})
        assert answer.status_code == 403, address

    assert state_of(world) == before


def test_strangers_and_players_are_sent_to_the_entrance(world: World) -> None:
    playing = Client()
    playing.force_login(make_player().user)

    for client in (Client(), playing):
        for address in own_pages(world):
            answer = client.get(address)
            assert (answer.status_code, answer.url[:16]) == (302, "/operator/login/"), address


def test_the_menu_and_the_wall_show_what_a_role_may_open(world: World) -> None:
    wall = {
        role: signed_in(make_staff(role)).get("/operator/").content.decode()
        for role in ("support", "finance")
    }

    for address in ("/operator/treasury/", "/operator/reconciliation/", "/operator/held/"):
        assert f'href="{address}"' in wall["finance"], address
        assert f'href="{address}"' not in wall["support"], address
    assert "Breaks with gateways" in wall["finance"]


# ---- two people, from click to effect --------------------------------------------------------------


def test_a_correction_from_the_players_page_to_the_journal(
    player: Player, maker: User, checker: User
) -> None:
    fund(player, "0.05")
    proposing, deciding = signed_in(maker), signed_in(checker)
    page = proposing.get(f"/operator/players/{player.pk}/").content.decode()
    assert f"/operator/players/{player.pk}/adjust/" in page

    answer = proposing.post(
        f"/operator/players/{player.pk}/adjust/",
        {
            "currency": "BTC", "amount": "-0.01", "reason_code": "recovery", "words": "Paid twice",
            "evidence": "Ticket 4711", "reason": "Agreed on the phone",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    proposal = Proposal.objects.get()
    shown = deciding.get(f"/operator/proposals/{proposal.public_id}/approve/").content.decode()
    for text in ("-0.01000000 BTC", "0.05000000 BTC", "0.04000000 BTC", "Ticket 4711", maker.email):
        assert text in shown
    done = deciding.post(
        f"/operator/proposals/{proposal.public_id}/approve/",
        {
            "reason": "Checked", "code": code_of(checker, steps=1), "seen": proposal.content_hash,
        },
    )  # fmt: skip

    assert done.status_code == 302
    assert cash(player) == Decimal("0.04")
    made = Adjustment.objects.get()
    entry = deciding.get(f"/operator/entries/{made.entry_id}/").content.decode()
    assert made.public_id in entry


@pytest.mark.parametrize(
    "changes", [{"code": "000000"}, {"code": ""}, {"reason": " "}, {"seen": "0" * 64}, {"seen": ""}]
)
def test_an_approval_needs_reason_code_and_what_was_seen(
    player: Player, maker: User, checker: User, changes: dict[str, str]
) -> None:
    proposal = propose_adjustment(player, maker)
    given = {
        "reason": "Checked", "code": code_of(checker, steps=1), "seen": proposal.content_hash,
    }  # fmt: skip

    answer = signed_in(checker).post(
        f"/operator/proposals/{proposal.public_id}/approve/", {**given, **changes}
    )

    assert answer.status_code == 422
    assert Proposal.objects.get().state == "waiting"


def test_the_maker_sees_no_button_and_cannot_post(player: Player, maker: User) -> None:
    proposal = propose_adjustment(player, maker)
    client, address = signed_in(maker), f"/operator/proposals/{proposal.public_id}"

    page = client.get(f"{address}/").content.decode()
    answer = client.post(
        f"{address}/approve/",
        {"reason": "Mine", "code": code_of(maker, steps=1), "seen": proposal.content_hash},
    )

    assert f"{address}/approve/" not in page
    assert "somebody else decides" in page
    assert answer.status_code == 422
    assert "Somebody else has to decide" in answer.content.decode()
    assert Proposal.objects.get().state == "waiting"


def test_a_sweep_from_the_board_to_its_transaction(maker: User, checker: User) -> None:
    hot, cold = gateway_wallet("2"), own_wallet("cold", "1")
    client = signed_in(maker)

    client.post(
        f"/operator/treasury/wallets/{hot.pk}/transfer/",
        {"target": str(cold.pk), "amount": "0.5", "reason": "Above target"},
    )
    proposal = Proposal.objects.get()
    address = f"/operator/proposals/{proposal.public_id}"
    early = client.post(f"{address}/complete/", {"txid": "ab", "evidence": "Sent"})
    signed_in(checker).post(
        f"{address}/approve/",
        {"reason": "Yes", "code": code_of(checker, steps=1), "seen": proposal.content_hash},
    )
    page = client.get(f"{address}/").content.decode()
    done = client.post(f"{address}/complete/", {"txid": "ab" * 32, "evidence": "Keys 1 and 2"})

    assert early.status_code == 422
    assert f"{address}/complete/" in page
    assert done.status_code == 302
    assert Transfer.objects.get().txid == "ab" * 32
    assert "ab" * 32 in client.get(f"{address}/").content.decode()
    cold.refresh_from_db()
    assert cold.balance == Decimal("1.5")


def test_a_held_deposit_is_released_alone_or_proposed(player: Player, maker: User) -> None:
    small = make_deposit(player, "0.01", state="held", held_because="deposit_max")
    large = make_deposit(player, "0.4", state="held", held_because="deposit_max")
    client = signed_in(maker)

    for one in (small, large):
        answer = client.post(f"/operator/held/{one.public_id}/release/", {"reason": "Known"})
        assert answer.status_code == 302
    back = client.post(f"/operator/held/{large.public_id}/refund/", {"reason": "No", "proof": "ab"})

    small.refresh_from_db()
    large.refresh_from_db()
    assert (small.state, large.state, cash(player)) == ("confirmed", "held", Decimal("0.01"))
    assert Proposal.objects.filter(subject_id=str(large.pk)).count() == 2
    assert back.status_code == 302
    assert "takes two people" not in client.get("/operator/held/").content.decode()


# ---- breaks ----------------------------------------------------------------------------------------


def test_a_break_shows_both_sides_and_the_callbacks(world: World, maker: User) -> None:
    client = signed_in(maker)

    page = client.get(f"/operator/reconciliation/breaks/{world.row.public_id}/").content.decode()
    amount = Break.objects.get(kind="amount")
    other = client.get(f"/operator/reconciliation/breaks/{amount.public_id}/").content.decode()

    assert "7000001" in page
    assert "/operator/integrations/inboxmessage/" in page
    assert "No payment of ours has the id 7000001" in page
    assert amount.withdrawal is not None
    assert amount.withdrawal.public_id in other
    assert f"/operator/entries/{amount.entry_id}/" in other
    assert "0.2 BTC" in other
    assert "0.1 BTC" in other


def test_a_break_is_assigned_explained_and_resolved(world: World, maker: User) -> None:
    client, base = signed_in(maker), f"/operator/reconciliation/breaks/{world.row.public_id}"

    client.post(f"{base}/assign/", {"owner": str(maker.pk)})
    empty = client.post(f"{base}/resolve/", {"reason": " "})
    client.post(f"{base}/explain/", {"reason": "A test payment of theirs"})
    client.post(f"{base}/resolve/", {"reason": "They took it out of their book"})
    again = client.post(f"{base}/resolve/", {"reason": "Once more"})

    assert (empty.status_code, again.status_code) == (422, 422)
    row = Break.objects.get(pk=world.row.pk)
    assert (row.state, row.owner, row.closed_by) == ("resolved", maker, maker)
    assert list(
        Record.objects.filter(subject_kind="treasury.break", subject_id=str(row.pk))
        .order_by("id")
        .values_list("action", flat=True)
    ) == ["break.opened", "break.assigned", "break.explained", "break.resolved"]


def test_a_day_is_compared_by_hand(world: World, maker: User, book: Book) -> None:
    client, day = signed_in(maker), now().date() - timedelta(days=1)
    book.drop("7000001")
    book.move("BTC", Decimal("-0.25"))

    good = client.post("/operator/reconciliation/run/", {"provider": "coinspaid", "day": str(day)})
    bad = [
        client.post("/operator/reconciliation/run/", data).status_code
        for data in (
            {"provider": "nobody", "day": str(day)},
            {"provider": "coinspaid", "day": "yesterday"},
            {"provider": "coinspaid", "day": "2199-01-01"},
        )
    ]

    assert good.status_code == 302
    assert bad == [422, 422, 422]
    assert Break.objects.get(pk=world.row.pk).state == "healed"


@pytest.mark.parametrize(
    "address",
    [
        "/operator/proposals/pr_nothing/",
        "/operator/proposals/pr_nothing/approve/",
        "/operator/reconciliation/breaks/bk_nothing/",
        "/operator/treasury/wallets/999999/transfer/",
        "/operator/treasury/thresholds/XXX/",
        "/operator/held/dp_nothing/release/",
        "/operator/players/999999/adjust/",
        "/operator/payments/?period=century&method=%00",
        "/operator/reconciliation/run/?day=never",
    ],
)
def test_bad_input_is_refused_without_a_crash(maker: User, address: str) -> None:
    assert signed_in(maker).get(address).status_code in (200, 400, 404)


def test_words_of_people_and_gateways_are_escaped(world: World, maker: User) -> None:
    Break.objects.update(message="<script>alert(1)</script>")
    Proposal.objects.update(reason="<script>alert(2)</script>")

    for address in ("/operator/reconciliation/", "/operator/proposals/"):
        assert "<script>alert(" not in signed_in(maker).get(address).content.decode()


# ---- lists, cost and looks -------------------------------------------------------------------------


def test_the_lists_of_the_treasury_are_there() -> None:
    found = {model._meta.label_lower for model in admin.site._registry}

    assert {
        "treasury.adjustment", "treasury.break", "treasury.gatewayrecord", "treasury.run",
    } <= found  # fmt: skip


def test_pages_cost_the_same_with_more_rows(
    world: World, maker: User, checker: User, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = signed_in(maker)
    for _ in range(6):
        player = make_player()
        make_deposit(player, "0.4", state="held", held_because="deposit_max")
        propose_adjustment(player, maker)
    for number in range(6):
        own_wallet("cold", "1", name=f"Vault {number}")
        Break.objects.create(
            provider="coinspaid", day=now().date(), kind="missing_here", key=f"deposit:x{number}",
            code="BTC", theirs="1", effect="1", message="Nobody knows it", state="open",
            owner=checker, opened_at=now(), seen_at=now(),
        )  # fmt: skip

    for address in ("treasury", "proposals", "reconciliation", "payments", "receivables", "held"):
        with django_assert_max_num_queries(24):
            assert client.get(f"/operator/{address}/").status_code == 200, address


# Forms with the fields of another one that is looked at.
LIKE_OTHERS = ("take-back", "reject", "complete", "explain", "resolve", "refund", "balance")


@pytest.mark.browser
def test_pages_are_sound_at_both_sizes(world: World, maker: User) -> None:
    places = [one for one in own_pages(world) if not one.rstrip("/").endswith(LIKE_OTHERS)]

    with visiting(signed_in(maker)) as visit:
        walk(visit, places, ready=".ops-page")

    assert [text for text in visit.complaints if "Cross-Origin-Opener-Policy" not in text] == []
