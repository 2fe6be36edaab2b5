"""Watch lists: who is looked for and when, what a hit stops, and that nobody is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit.models import Record
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.kyc import persons
from apps.kyc.errors import NotPermitted
from apps.kyc.models import Hit, Screening, WatchList
from apps.kyc.services import cases, screening
from apps.ledger.models import Block
from apps.messaging.models import Notice
from apps.payments.errors import PlayerHeld
from apps.payments.models import Withdrawal
from apps.payments.services import withdrawals
from apps.wallet import restrictions
from tests.conftest import fund, make_staff
from tests.kyc.factories import make_details
from tests.payments.factories import rail

pytestmark = pytest.mark.django_db


@pytest.fixture
def watch_list(settings: Any, tmp_path: Path) -> Any:
    path = tmp_path / "list.json"

    def write(*entries: dict[str, Any], version: str = "1") -> None:
        path.write_text(json.dumps({"version": version, "entries": list(entries)}))
        settings.WATCH_LIST_FILE = str(path)

    write()
    return write


def entry(**changed: Any) -> dict[str, Any]:
    told = {
        "ref": "T-1", "names": ["SØRENSEN, Ana", "Ana S."], "birth_dates": ["1990-05-17"],
        "grounds": ["sanctions"], "lists": ["Example list"],
    }  # fmt: skip
    return {**told, **changed}


@pytest.mark.rule("AML-06", "K5")
def test_a_hit_at_onboarding_holds_the_account_and_the_player_reads_nothing_of_it(
    player: Player, watch_list: Any, client: Client, reviewer: User, support: User
) -> None:
    watch_list(entry())
    case = cases.declare(player=player, details=make_details(player))

    hit = Hit.objects.get(player=player)
    assert (hit.state, hit.match_text) == ("open", "name and birth date")
    assert restrictions.stops(player.pk, Block.PLAY | Block.DEPOSIT | Block.WITHDRAW)
    assert case.state == "in_review"
    client.force_login(player.user)
    pages = "".join(
        client.get(address).content.decode().lower()
        for address in ("/account/verification/", "/wallet/withdraw/", "/account/")
    )
    shown = pages + " ".join(one.words for one in restrictions.standing(player.pk)).lower()
    for word in ("sanction", "watch list", "pep", hit.public_id, "hit"):
        assert f" {word}" not in shown, word
    assert not Notice.objects.filter(player=player, text__icontains="sanction").exists()

    with pytest.raises(NotPermitted):
        screening.decide(hit.public_id, state="false", by=support, reason="no")
    with pytest.raises(InvalidInput):
        screening.decide(hit.public_id, state="true", is_accepted=True, by=reviewer, reason="known")
    screening.decide(hit.public_id, state="false", by=reviewer, reason="Other birth place")
    assert restrictions.standing(player.pk) == []
    assert screening.screen(player.pk, "list") == 0
    assert Hit.objects.count() == 1


@pytest.mark.rule("AML-06")
def test_other_people_of_the_name_are_no_hits(player: Player, watch_list: Any) -> None:
    watch_list(
        entry(ref="1", birth_dates=["1950"]),
        entry(ref="2", names=["Ana Pereira"]),
        entry(ref="3", names=["Sørensen"], birth_dates=[]),
    )

    cases.declare(player=player, details=make_details(player))

    assert Hit.objects.count() == 0
    assert Screening.objects.get(player=player).why == "onboarding"


@pytest.mark.rule("AML-06", "PAY-13")
def test_a_hit_at_a_withdrawal_keeps_what_was_set_aside_from_leaving(
    player: Player, watch_list: Any, finance: User
) -> None:
    cases.declare(player=player, details=make_details(player))
    fund(player, "0.05", "BTC")
    watch_list(entry(), version="2")

    asked = withdrawals.request_withdrawal(
        player=player,
        amount=Money.parse("0.01", rail("BTC").money_currency),
        rail=rail("BTC"),
        address="bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        key="k1",
    )

    assert asked.state == Withdrawal.State.REQUESTED
    assert "account_check" in asked.reasons
    with pytest.raises(PlayerHeld):
        withdrawals.approve(asked, finance, "fine")
    assert Hit.objects.filter(player=player, state="open").count() == 1


@pytest.mark.rule("AML-06", "K6")
def test_everybody_is_looked_at_once_when_the_list_changes(
    player: Player, other_player: Player, watch_list: Any
) -> None:
    cases.declare(player=player, details=make_details(player))
    cases.declare(
        player=other_player, details=make_details(other_player, first_name="Rui", last_name="Melo")
    )
    assert screening.sweep() == 2
    assert screening.sweep() == 0

    watch_list(entry(ref="R", names=["Melo Rui"], grounds=["pep"]), version="2")
    assert screening.sweep(limit=1) == 1
    assert screening.sweep(limit=1) == 1
    screening.sweep(limit=1)

    assert WatchList.objects.latest("pk").swept_at is not None
    assert list(Hit.objects.values_list("player_id", flat=True)) == [other_player.pk]
    assert restrictions.stops(other_player.pk, Block.PLAY)
    assert not restrictions.stops(player.pk, Block.PLAY)


@pytest.mark.rule("AML-06")
def test_a_list_that_cannot_be_read_clears_nobody(
    player: Player, watch_list: Any, settings: Any, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    settings.WATCH_LIST_FILE = str(broken)

    case = cases.declare(player=player, details=make_details(player))

    player.refresh_from_db()
    assert (case.state, player.kyc_level) == ("in_review", 0)
    assert screening.sweep() == 0


@pytest.mark.rule("AML-06")
def test_the_risk_of_a_politically_exposed_person_can_be_taken(
    player: Player, watch_list: Any
) -> None:
    watch_list(entry(grounds=["pep"]))
    cases.declare(player=player, details=make_details(player))
    hit = Hit.objects.get()

    screening.decide(
        hit.public_id, state="true", is_accepted=True, by=make_staff("compliance"), reason="Mayor"
    )

    assert restrictions.standing(player.pk) == []
    row = Record.objects.get(action="kyc.hit_decided")
    assert row.after == {"state": "true", "is_accepted": True}
    assert persons.is_excluded(player.pk) is False
