"""Free spins from the promise to the payment, against the aggregator's simulator."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.errors import PlayerNotActive
from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.games import free_spins
from apps.games.models import FreeSpinIssue, Game
from apps.games.providers.softswiss.simulator import catalogue
from apps.integrations.errors import ProviderError
from apps.ledger.selectors import currency
from tests.games.factories import make_game, send
from tests.simulator_client import Softswiss

SLOT = next(
    game
    for game in catalogue.games().values()
    if game.is_playable and game.has_freespins and not game.blacklist
)


@pytest.fixture
def slot(db: None) -> Game:
    return make_game(SLOT.title, identifier=SLOT.identifier)


@pytest.fixture(params=["v1", "v2"])
def generation(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.SOFTSWISS_GENERATION = request.param
    return str(request.param)


def issue(player: Player, game: Game, **changes: Any) -> FreeSpinIssue:
    wanted: dict[str, Any] = {
        "player": player,
        "game": game,
        "stake": Money.parse("0.10", currency("EUR")),
        "quantity": 10,
        "valid_until": now() + timedelta(days=7),
        "actor": "system",
        "reason": "welcome",
    }
    return free_spins.issue(**(wanted | changes))


def test_a_promise_is_known_to_the_partner(
    softswiss: Softswiss, player: Player, slot: Game, generation: str
) -> None:
    made = issue(player, slot)

    softswiss.report_freespins(made.public_id, "active")  # refused for an issue it does not know
    assert made.state == FreeSpinIssue.State.ISSUED
    assert Record.objects.filter(action="free_spins.issued").count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 0},
        {"quantity": 501},
        {"stake": None},
        {"reason": " "},
    ],
)
def test_a_wrong_promise_is_not_made(
    softswiss: Softswiss, player: Player, slot: Game, change: dict[str, Any]
) -> None:
    if "stake" in change:
        change = {"stake": Money.zero(currency("EUR"))}

    with pytest.raises(InvalidInput):
        issue(player, slot, **change)
    assert FreeSpinIssue.objects.count() == 0


def test_a_game_without_free_spins_has_none(player: Player, slot: Game) -> None:
    slot.has_free_spins = False

    with pytest.raises(InvalidInput):
        issue(player, slot)


def test_a_suspended_player_is_promised_nothing(player: Player, slot: Game) -> None:
    player.status = Player.Status.SUSPENDED

    with pytest.raises(PlayerNotActive):
        issue(player, slot)


def test_what_the_partner_refuses_is_refused(
    softswiss: Softswiss, player: Player, slot: Game, generation: str
) -> None:
    with pytest.raises(InvalidInput):
        issue(player, slot, valid_until=now() + timedelta(days=60))

    assert FreeSpinIssue.objects.get().state == FreeSpinIssue.State.REFUSED


def test_an_unknown_outcome_stays_open_and_is_paid_if_it_was_done(
    softswiss: Softswiss, player: Player, slot: Game
) -> None:
    softswiss.switches(api_answer="error_after")

    with pytest.raises(ProviderError):
        issue(player, slot)

    made = FreeSpinIssue.objects.get()
    assert made.state == FreeSpinIssue.State.REQUESTED
    body = {"issue_id": made.public_id, "status": "played", "total_amount": 500}
    assert send("freespins", body).json == {"balance": 500}


def test_a_promise_can_be_taken_back_once(
    softswiss: Softswiss, player: Player, slot: Game, generation: str
) -> None:
    made = issue(player, slot)

    canceled = free_spins.cancel(issue_id=made.pk, actor="system", reason="by mistake")

    assert canceled.state == FreeSpinIssue.State.CANCELED
    with pytest.raises(InvalidInput):
        free_spins.cancel(issue_id=made.pk, actor="system", reason="again")
    assert Record.objects.filter(action="free_spins.canceled").count() == 1


def test_the_command_issues_and_cancels(
    softswiss: Softswiss, player: Player, slot: Game, capsys: Any
) -> None:
    call_command(
        "free_spins", "issue", player.public_id, slot.slug, "0.10", "EUR", "--reason", "welcome"
    )
    made = FreeSpinIssue.objects.get()
    call_command("free_spins", "cancel", made.public_id, "--reason", "by mistake")

    made.refresh_from_db()
    assert (made.quantity, made.state) == (10, "canceled")
    assert f"{made.public_id}: Canceled" in capsys.readouterr().out


@pytest.mark.parametrize("stake", ["0", "-1", "x", "0.001"])
def test_the_command_refuses_in_words(player: Player, slot: Game, stake: str) -> None:
    with pytest.raises(CommandError):
        call_command(
            "free_spins", "issue", player.public_id, slot.slug, "--reason", "x", "--", stake, "EUR"
        )
    assert FreeSpinIssue.objects.count() == 0
