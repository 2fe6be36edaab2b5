"""Our games over JSON: the same rules, strict input, nobody else's bets."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.originals.models import Bet
from tests.api.clients import error_of, signed_in, stranger, with_key

pytestmark = pytest.mark.django_db

DICE = {"amount": "1.00", "currency": "EUR", "choice": {"target": 5050, "over": True}}
ONCE = {"Idempotency-Key": "once"}


def test_a_bet_and_the_same_bet_again(rich: Player) -> None:
    caller = signed_in(rich)

    first = caller.post("originals/dice/bets/", DICE, ONCE)
    again = caller.post("originals/dice/bets/", DICE, ONCE)

    assert first.status_code == 201
    assert first.json() == again.json()
    shown = first.json()
    assert (shown["game"], shown["state"], shown["stake"], shown["nonce"]) == (
        "dice", "closed", "1.00", 0,
    )  # fmt: skip
    assert Bet.objects.count() == 1


def test_a_round_in_steps(rich: Player) -> None:
    caller = with_key(rich, "play", "read")
    begun = caller.post(
        "originals/mines/bets/",
        {"amount": "1.00", "currency": "EUR", "choice": {"mines": 1}},
        ONCE,
    ).json()

    step = caller.post(f"originals/bets/{begun['id']}/actions/", {"action": "open:3", "step": 0})

    assert begun["state"] == "open"
    assert "mines" not in begun["detail"]
    assert step.status_code == 200
    assert caller.get("originals/bets/").json()["results"][0]["id"] == begun["id"]


def test_seeds_are_revealed_by_rotation_only(rich: Player) -> None:
    caller = signed_in(rich)
    before = caller.get("originals/seeds/").json()

    after = caller.post("originals/seeds/", {"client_seed": "mine"}).json()

    assert before["active"]["server_seed"] == before["next"]["server_seed"] == ""
    assert after["revealed"]["commitment"] == before["active"]["commitment"]
    assert len(after["revealed"]["server_seed"]) == 64
    assert after["active"]["commitment"] == before["next"]["commitment"]
    assert after["active"]["client_seed"] == "mine"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("originals/chess/bets/", DICE, "game_not_found"),
        ("originals/dice/bets/", DICE | {"amount": 1}, "invalid_input"),
        ("originals/dice/bets/", DICE | {"amount": "1e2"}, "invalid_input"),
        ("originals/dice/bets/", DICE | {"amount": "-1.00"}, "invalid_input"),
        ("originals/dice/bets/", DICE | {"amount": "1.001"}, "invalid_input"),
        ("originals/dice/bets/", DICE | {"currency": "XXX"}, "invalid_input"),
        ("originals/dice/bets/", DICE | {"choice": {"target": 50.5, "over": True}}, "invalid_choice"),
        ("originals/dice/bets/", DICE | {"choice": {"target": True, "over": True}}, "invalid_choice"),
        ("originals/dice/bets/", DICE | {"choice": []}, "invalid_input"),
        ("originals/dice/bets/", DICE | {"amount": "100000.00"}, "stake_out_of_range"),
        ("originals/dice/bets/", DICE | {"amount": "1000.01"}, "insufficient_funds"),
        ("originals/bets/bet_none/actions/", {"action": "hit", "step": 0}, "bet_not_found"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(rich: Player, path: str, body: Any, code: str) -> None:
    answer = signed_in(rich).post(path, body, ONCE)

    assert answer.status_code < 500
    assert error_of(answer)["code"] == code
    assert Bet.objects.count() == 0


def test_strangers_and_readers_do_not_play(
    rich: Player, other_player: Player, place: Callable[..., Bet]
) -> None:
    bet = place("dice", target=5050, over=True)

    assert stranger().post("originals/dice/bets/", DICE, ONCE).status_code == 401
    assert with_key(rich, "read").post("originals/dice/bets/", DICE, ONCE).status_code == 403
    assert signed_in(other_player).get(f"originals/bets/{bet.public_id}/").status_code == 404
    assert stranger().get("originals/").status_code == 200
