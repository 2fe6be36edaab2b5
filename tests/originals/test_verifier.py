"""The verifier in the browser and the games in Python are two implementations: they must agree."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Error, Page

from apps.originals.fairness import crash as curve
from apps.originals.fairness import games, tables
from apps.originals.fairness.draws import Draws, SharedDraw
from apps.originals.rules import CASH_OUT, RULES
from tests.chromium import shared
from tests.site.browser import ORIGIN

pytestmark = pytest.mark.browser

# The suite looks at some of each game; VERIFIER_BETS=10000 is the whole check.
BETS = int(os.environ.get("VERIFIER_BETS", "300"))
BATCH = 2_500
SCRIPT = """async ([source, bets]) => {
  const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  const told = [];
  for (const bet of bets) {
    const one = await module.resolve(bet);
    told.push([String(one.multiplier), String(one.per), one.open, one.detail]);
  }
  return told;
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """An empty page of a secure origin: only there a browser computes hashes."""
    with shared.open() as browser:
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<!doctype html>"))
        page.goto(ORIGIN)
        yield page


@pytest.fixture(scope="module")
def verifier() -> str:
    found = finders.find("js/fairness.js")
    assert isinstance(found, str)
    return Path(found).read_text()


def choice_of(game: str, dice: random.Random) -> dict[str, Any]:
    risk = dice.choice(tables.RISKS)
    match game:
        case "dice":
            over, winning = dice.random() < 0.5, dice.randint(1, games.DICE_WINNING_MAX)
            target = games.DICE_OUTCOMES - 1 - winning if over else winning
            return {"target": target, "over": over}
        case "limbo":
            return {"target": dice.choice([101, 150, 200, 1000, dice.randint(101, 10**8)])}
        case "plinko":
            return {"rows": dice.choice(tables.plinko_rows()), "risk": risk}
        case "wheel":
            return {"segments": dice.choice(tables.WHEEL_SEGMENTS), "risk": risk}
        case "keno":
            return {"picks": dice.sample(range(1, 41), dice.randint(1, 10)), "risk": risk}
        case "roulette":
            spots = dice.sample(sorted(games.ROULETTE_SPOTS), dice.randint(1, 12))
            return {"chips": {spot: dice.randint(1, 9) for spot in spots}}
        case "mines":
            return {"mines": dice.randint(1, 24)}
    return {}


def next_action(game: str, actions: list[str], detail: dict[str, Any], dice: random.Random) -> str:
    if game == "blackjack":
        return str(dice.choice(detail["may"]))
    if dice.random() < 0.3 and any(action != "skip" for action in actions):
        return CASH_OUT
    if game == "hilo":
        return dice.choice(games.HILO_GUESSES)
    left = {f"open:{cell}" for cell in range(25)} - {*actions}
    return dice.choice(sorted(left))


def flown(dice: random.Random) -> tuple[dict[str, Any], games.Outcome]:
    """A random bet on crash that left by hand, by itself, or not at all."""
    link, salt = (f"{dice.getrandbits(256):064x}" for _ in range(2))
    point = curve.point(link, salt)
    auto = min(
        10**8, dice.choice([0, 101, 200, point + 1, max(101, point), dice.randint(101, 10**8)])
    )
    actions = []
    if point > 100 and dice.random() < 0.5:
        last = min(point, auto or point)
        left = dice.randint(101, last)
        actions = [f"auto:{left}" if left == auto else f"cash_out:{left}"]
    outcome = RULES["crash"].play(
        SharedDraw(link, salt), RULES["crash"].read({"auto": auto}), actions
    )
    bet = {
        "game": "crash",
        "table_version": tables.VERSION,
        "choice": {"auto": auto},
        "actions": actions,
        "server_seed": link,
        "client_seed": salt,
        "nonce": dice.randint(1, 10**6),
    }
    return bet, outcome


def played(game: str, dice: random.Random) -> tuple[dict[str, Any], games.Outcome]:
    """A random bet of a game, played to its end."""
    if game == "crash":
        return flown(dice)
    rule = RULES[game]
    choice = choice_of(game, dice)
    seeds = (f"{dice.getrandbits(256):064x}", f"c{dice.getrandbits(40):x}", dice.randint(0, 10**6))
    actions: list[str] = []
    outcome = rule.play(Draws(*seeds), rule.read(choice))
    while outcome.is_open and len(actions) < 50:
        actions.append(next_action(game, actions, outcome.detail, dice))
        outcome = rule.play(Draws(*seeds), rule.read(choice), actions)
    bet = {
        "game": game,
        "table_version": tables.VERSION,
        "choice": choice,
        "actions": actions,
        "server_seed": seeds[0],
        "client_seed": seeds[1],
        "nonce": seeds[2],
    }
    return bet, outcome


@pytest.mark.parametrize("game", RULES)
def test_both_agree_on_random_bets(page: Page, verifier: str, game: str) -> None:
    dice = random.Random(f"verifier {game}")
    for begun in range(0, BETS, BATCH):
        batch = [played(game, dice) for _ in range(min(BATCH, BETS - begun))]
        told = page.evaluate(SCRIPT, [verifier, [bet for bet, _ in batch]])
        for (bet, outcome), (multiplier, per, is_open, detail) in zip(batch, told, strict=True):
            known = {key: outcome.detail[key] for key in outcome.detail if key not in {"may", "at"}}
            assert (multiplier, per, is_open) == (
                str(outcome.multiplier), str(outcome.per), outcome.is_open,
            ), bet  # fmt: skip
            assert detail == known, bet


def test_a_changed_seed_or_choice_changes_the_verdict(page: Page, verifier: str) -> None:
    dice = random.Random(7)
    bet, outcome = played("keno", dice)
    changed = [{**bet, "nonce": bet["nonce"] + 1}, {**bet, "client_seed": "other"}]

    told = page.evaluate(SCRIPT, [verifier, [bet, *changed]])

    assert told[0][3] == outcome.detail
    assert all(one[3] != outcome.detail for one in told[1:])


def test_a_cash_out_after_the_bust_is_no_result(page: Page, verifier: str) -> None:
    dice = random.Random(11)
    bet, outcome = flown(dice)
    while not outcome.multiplier:
        bet, outcome = flown(dice)
    point = curve.point(bet["server_seed"], bet["client_seed"])

    with pytest.raises(Error, match="No bet can have left"):
        page.evaluate(SCRIPT, [verifier, [bet | {"actions": [f"cash_out:{point + 1}"]}]])
