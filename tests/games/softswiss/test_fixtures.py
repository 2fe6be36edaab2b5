"""Recorded calls and the whole of our answers; `*` stands for what differs each time."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.games.models import Game
from tests.games.conftest import fund
from tests.games.factories import FIXTURES, Table, make_session, send

RECORDED = sorted(FIXTURES.glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=[path.stem for path in RECORDED])
def test_a_recorded_call_gets_its_answer(path: Path, player: Player, game: Game) -> None:
    fund(player, "10.00", "EUR")
    table = Table(player, game, make_session(player, game), "v1")
    recorded = json.loads(path.read_text().replace("{user}", table.user_id))

    answer = send(recorded["path"], recorded["body"])

    assert answer.status == recorded["status"]
    assert_like(answer.json, recorded["answer"])


def assert_like(said: Any, wanted: Any) -> None:
    if wanted == "*":
        assert isinstance(said, str)
        assert said
    elif isinstance(wanted, dict):
        assert said.keys() == wanted.keys()
        for name, value in wanted.items():
            assert_like(said[name], value)
    elif isinstance(wanted, list):
        assert len(said) == len(wanted)
        for one, other in zip(said, wanted, strict=True):
            assert_like(one, other)
    else:
        assert (type(said), said) == (type(wanted), wanted)


def test_times_are_utc_with_microseconds(player: Player, game: Game) -> None:
    fund(player, "10.00", "EUR")
    table = Table(player, game, make_session(player, game), "v1")

    processed_at = table.bet("a-1", 100).json["transactions"][0]["processed_at"]

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", processed_at)
