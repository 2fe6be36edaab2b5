"""Rounds that do not end: found, asked about, and ended by the few acts that are right."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm, Record
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.games import desk, services
from apps.games.errors import NotAllowedNow, RoundCaseNotFound
from apps.games.models import Game, GameSession, Round, RoundCase
from tests.games.conftest import fund
from tests.games.factories import Table, follow_rounds, make_game
from tests.games.test_services import SLOT, URLS, open_game
from tests.simulator_client import Softswiss

WHY = {"actor": "system", "reason": "Looked at."}


@pytest.fixture(params=["v1", "v2"])
def generation(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.SOFTSWISS_GENERATION = request.param
    return str(request.param)


@pytest.fixture
def slot(db: None) -> Game:
    return make_game(SLOT.title, identifier=SLOT.identifier)


@pytest.fixture
def old(player: Player, slot: Game) -> Callable[..., RoundCase]:
    """A round of one euro that has been open for so many hours, on the desk."""

    def make(hours: int = 25, ref: str = "r-1", game: Game = slot) -> RoundCase:
        session = GameSession.objects.filter(game=game, ended_at=None).first()
        if session is None:
            fund(player, "10.00", "EUR")
            open_game(player, game)
            session = GameSession.objects.get(game=game, ended_at=None)
        table = Table(player, game, session, "v1")
        assert table.bet(f"b-{ref}", 100, round_id=ref).status == 200
        follow_rounds()
        Round.objects.filter(round_ref=ref).update(started_at=now() - timedelta(hours=hours))
        desk.watch()
        return RoundCase.objects.get(round_ref=ref)

    return make


def balance(player: Player) -> str:
    return f"{player.wallets.get(currency__code='EUR', purse=0).balance.normalize():f}"


def test_a_young_round_waits_in_peace(softswiss: Softswiss, old: Any) -> None:
    with pytest.raises(RoundCase.DoesNotExist):
        old(hours=23)
    assert Alarm.objects.count() == 0


def test_the_partner_is_asked_and_its_answer_kept(
    softswiss: Softswiss, old: Any, slot: Game, generation: str
) -> None:
    open_round = old(ref="unknown-there")

    assert open_round.answer == RoundCase.Answer.UNKNOWN
    assert open_round.asked_at is not None
    assert Alarm.objects.get(code="games.rounds_open").subject == "softswiss"


def test_what_the_partner_says_decides_what_may_be_done(
    softswiss: Softswiss, old: Any, player: Player, slot: Game, generation: str
) -> None:
    fund(player, "10.00", "EUR")
    launched = open_game(player, slot)
    session = softswiss.session_id(launched.url)
    softswiss.call_back("http://127.0.0.1:9")
    # The vendor's own record of a round that is open, and of one that is over.
    softswiss.send(session, {"kind": "bet", "amount": "1.00"}, round_id="there", finished=False)
    softswiss.send(session, {"kind": "bet", "amount": "1.00"}, round_id="over", finished=True)

    there, over = old(ref="there"), old(ref="over")

    assert (there.answer, over.answer) == ("open", "finished")
    assert over.answer_facts["finished"] == "True"
    with pytest.raises(NotAllowedNow, match="open at the partner"):
        desk.close(there.pk, **WHY)
    with pytest.raises(NotAllowedNow):
        desk.refund(over.pk, **WHY)
    desk.close(over.pk, **WHY)
    assert Round.objects.get(round_ref="over").state == "closed"
    assert Round.objects.get(round_ref="there").state == "open"
    assert Record.objects.get(action="round_case.closed").reason == "Looked at."


@pytest.mark.rule("GAM-04")
def test_a_round_the_partner_does_not_know_is_given_back_once(
    softswiss: Softswiss, old: Any, player: Player, slot: Game
) -> None:
    case = old()
    assert balance(player) == "9"

    desk.refund(case.pk, **WHY)

    assert balance(player) == "10"
    with pytest.raises(NotAllowedNow):
        desk.refund(case.pk, **WHY)
    follow_rounds()
    row = Round.objects.get()
    assert (row.state, row.stake, row.rollbacks) == ("closed", 0, 1)
    # The partner's own rollback, when it comes after all, finds it done.
    session = GameSession.objects.get(ended_at=None)
    undone = Table(player, slot, session, "v1").roll_back(("x-1", "b-r-1"))
    assert (undone.status, balance(player)) == (200, "10")


def test_a_round_that_ends_by_itself_leaves_the_desk(
    softswiss: Softswiss, old: Any, player: Player, slot: Game
) -> None:
    case = old()
    session = GameSession.objects.get(ended_at=None)
    Table(player, slot, session, "v1").win("w-1", 500, finished=True)
    follow_rounds()

    assert desk.watch() == 0

    case.refresh_from_db()
    assert (case.outcome, balance(player)) == ("ended", "14")


@pytest.mark.rule("GAM-03")
@pytest.mark.parametrize(
    ("answer", "outcome", "escalated"),
    [("unknown", "refunded", False), ("finished", "closed", False), ("open", "", True),
     ("failed", "", True), ("unsupported", "", True)],
)  # fmt: skip
def test_the_rule_of_age(
    softswiss: Softswiss, old: Any, player: Player, answer: str, outcome: str, escalated: bool
) -> None:
    case = old()
    RoundCase.objects.update(answer=answer, started_at=now() - timedelta(days=31))

    done = desk.apply_rule(case.pk)
    again = desk.apply_rule(case.pk) if escalated else done

    assert (done.outcome, again.outcome) == (outcome, outcome)
    assert (done.escalated_at is not None) == escalated
    assert Alarm.objects.filter(code="games.round_stuck", severity="critical").count() == escalated
    assert balance(player) == ("10" if outcome == "refunded" else "9")


def test_a_partner_that_cannot_be_asked_needs_the_age_of_the_rule(
    softswiss: Softswiss, old: Any
) -> None:
    case = old()
    RoundCase.objects.update(answer="unsupported")
    with pytest.raises(NotAllowedNow, match="wait 30 days"):
        desk.close(case.pk, **WHY)

    RoundCase.objects.update(started_at=now() - timedelta(days=31))

    assert desk.close(case.pk, **WHY).outcome == "closed"


def test_a_partner_that_does_not_answer_is_not_asked_again_at_once(
    softswiss: Softswiss, old: Any, settings: Any
) -> None:
    settings.SOFTSWISS_TIMEOUT_SECONDS = 0.2
    case = old(ref="first")
    RoundCase.objects.update(asked_at=None)
    softswiss.switches(api_answer="error_before", only="rounds")

    desk.watch()
    asked = RoundCase.objects.get(pk=case.pk)
    desk.watch()

    assert asked.answer == "failed"
    assert RoundCase.objects.get(pk=case.pk).asked_at == asked.asked_at


def test_acts_need_a_reason_and_a_case(softswiss: Softswiss, old: Any) -> None:
    case = old()
    for act in (desk.close, desk.refund, desk.escalate):
        with pytest.raises(InvalidInput):
            act(case.pk, actor="system", reason=" ")
        with pytest.raises(RoundCaseNotFound):
            act(0, **WHY)
    with pytest.raises(RoundCaseNotFound):
        desk.ask(0, actor="system")
    assert Record.objects.filter(action__startswith="round_case").count() == 0


@pytest.mark.rule("GAM-03")
def test_a_launch_goes_back_into_the_open_round_in_its_currency(
    softswiss: Softswiss, old: Any, player: Player, slot: Game
) -> None:
    old()
    Game.objects.filter(pk=slot.pk).update(enabled=False)
    slot.refresh_from_db()

    launched = services.launch(
        player=player, game=slot, currency_code="BTC", client_type="desktop", ip="203.0.113.7",
        mode="real", urls=URLS,
    )  # fmt: skip

    [newest] = GameSession.objects.filter(ended_at=None)
    assert launched.url
    assert newest.currency == "EUR"
    assert Table(player, slot, newest, "v1").bet("b-9", 100, round_id="r-9").code == 107
