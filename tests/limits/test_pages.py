"""The safer-play pages and their API: what a player sees and can do there."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from http.server import HTTPServer, SimpleHTTPRequestHandler
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.ledger.models import Block
from apps.limits import help_lines, reality, selectors, sessions_time
from apps.limits.models import Exclusion, HelpLink, LimitRequest, PlayerChoices, PlaySession
from apps.wallet import restrictions
from apps.wallet.errors import WalletBlocked
from tests.api.clients import signed_in
from tests.limits.playing import bet, follow

pytestmark = pytest.mark.django_db

PAGES = (
    "",
    "limits/",
    "history/",
    "break/",
    "spending/",
    "self-test/",
    "reality-check/",
    "reality-check/now/",
    "first-limit/",
    "look-back/",
    "session/",
)


@pytest.fixture
def page(client: Client, player: Player) -> Client:
    client.force_login(player.user)
    return client


def shown(client: Client, path: str) -> str:
    answer = client.get(path, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.rule("RG-31")
def test_help_is_one_click_from_every_page_for_everybody(client: Client, page: Client) -> None:
    guest = Client()
    for path in ("/", "/games/", "/accounts/login/", "/terms/"):
        assert 'href="/safer-play/"' in guest.get(path).content.decode()
    for path in ("/", "/wallet/", "/originals/dice/", "/account/"):
        assert 'href="/safer-play/"' in shown(page, path)
    assert "www.gamblingtherapy.org" in shown(guest, "/safer-play/")
    assert "www.check-dein-spiel.de" in shown(page, "/safer-play/")


@pytest.mark.rule("RG-02")
def test_a_limit_is_free_text_two_clicks_away_with_nothing_suggested(page: Client) -> None:
    assert 'href="/safer-play/"' in shown(page, "/")
    assert 'href="/safer-play/limits/"' in shown(page, "/safer-play/")
    assert 'href="/safer-play/limits/"' in shown(page, "/wallet/deposit/")
    field = re.search(r'<input[^>]*name="value"[^>]*>', shown(page, "/safer-play/limits/"))
    assert field is not None
    assert 'type="text"' in field[0]
    assert "value=" not in field[0].replace('name="value"', "")


@pytest.mark.rule("RG-02", "RG-06", "RG-33")
def test_limits_are_set_raised_cancelled_and_kept_in_the_history(
    page: Client, player: Player, fund: Callable[..., Any]
) -> None:
    fund(player, "30.00", "EUR")
    follow()
    form = {"kind": "deposit", "window": "week", "value": "100"}
    for wrong in ("", "-5", "many", "1e3", "1.005", "9" * 25):
        answer = page.post("/safer-play/limits/", {**form, "value": wrong})
        assert answer.status_code == 422
    assert page.post("/safer-play/limits/", {**form, "kind": "moon"}).status_code == 422
    assert selectors.limits_of(player.pk) == []

    assert page.post("/safer-play/limits/", form).status_code == 302
    html = shown(page, "/safer-play/limits/")
    assert "Deposits in 7 days" in html
    assert "30.00" in html
    assert "70.00" in html
    assert "more from" in html
    room = shown(page, "/wallet/deposit/")
    assert "Your deposit limit leaves" in room
    assert "70.00" in room

    page.post("/safer-play/limits/", {**form, "value": "500"})
    waiting = LimitRequest.objects.get()
    html = shown(page, "/safer-play/limits/")
    assert "You asked for 500.00 EUR" in html
    assert "Confirm the change" not in html
    page.post(f"/safer-play/limits/requests/{waiting.public_id}/", {"act": "confirm"})
    assert selectors.effective(player.pk, "deposit", "week") == Decimal(100)
    LimitRequest.objects.update(
        asked_at=now() - timedelta(days=2), ready_at=now() - timedelta(days=1)
    )
    assert "Confirm the change" in shown(page, "/safer-play/limits/")
    page.post(f"/safer-play/limits/requests/{waiting.public_id}/", {"act": "cancel"})
    assert selectors.effective(player.pk, "deposit", "week") == Decimal(100)

    history = shown(page, "/safer-play/history/")
    assert "Deposits: 100.00 EUR" in history
    assert "Asked: deposits 100.00 EUR to 500.00 EUR" in history


@pytest.mark.rule("RG-19")
def test_the_panic_button_is_on_every_page_and_one_press_stops_play(
    page: Client, player: Player, fund: Callable[..., Any]
) -> None:
    fund(player, "30.00", "EUR")
    for path in ("/", "/games/", "/wallet/", "/originals/dice/", "/account/", "/safer-play/"):
        # A plain form: no script is needed, and htmx leaves it alone.
        assert re.search(
            r'<form class="panic" method="post" action="/safer-play/break/now/" hx-boost="false">',
            shown(page, path),
        )
    assert page.get("/safer-play/break/now/").status_code == 405
    bet(player)

    page.post("/safer-play/break/now/")

    with pytest.raises(WalletBlocked):
        bet(player)
    stopped = Exclusion.objects.get(player=player)
    assert stopped.until is not None
    assert stopped.until - stopped.since == timedelta(hours=24)


@pytest.mark.rule("RG-13", "RG-18")
def test_time_out_and_self_exclusion_are_on_one_page_two_clicks_from_anywhere(
    page: Client, player: Player
) -> None:
    for path in ("/", "/wallet/deposit/"):
        assert 'href="/safer-play/"' in shown(page, path)
    assert 'href="/safer-play/break/"' in shown(page, "/safer-play/")
    html = shown(page, "/safer-play/break/")
    for length in ("24h", "72h", "7d", "30d", "6m", "1y", "2y", "5y", "permanent"):
        assert f'value="{length}"' in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert sorted(set(ids)) == sorted(ids)
    assert page.post("/safer-play/break/", {"act": "time_out"}).status_code == 422
    assert page.post("/safer-play/break/", {"act": "exclude", "length": "1d"}).status_code == 422

    asked = page.post("/safer-play/break/", {"act": "exclude", "length": "6m"})
    assert "Exclude me" in asked.content.decode()
    assert not Exclusion.objects.exists()
    page.post("/safer-play/break/", {"act": "exclude_sure", "length": "6m", "reason": "Enough."})

    assert restrictions.stops(player.pk, Block.PLAY)
    assert restrictions.stops(player.pk, Block.DEPOSIT)
    html = Client()
    html.force_login(player.user)
    answer = html.get("/safer-play/break/")
    assert "You are excluded from play" in answer.content.decode()
    # Too early: nothing changes.
    html.post("/safer-play/break/return/", {"act": "ask"})
    assert Exclusion.objects.get().return_asked_at is None


@pytest.mark.rule("RG-03")
def test_a_first_deposit_begins_with_the_question_for_a_limit(
    page: Client, player: Player, settings: Any
) -> None:
    settings.FIRST_LIMIT_ASKED = True
    assert "How much may it cost?" in shown(page, "/wallet/deposit/")
    assert "Show my" not in shown(page, "/wallet/deposit/")

    page.post("/safer-play/first-limit/", {"act": "decline"})

    assert "How much may it cost?" not in shown(page, "/wallet/deposit/")
    choices = PlayerChoices.objects.get(player=player)
    assert choices.limit_declined
    choices.delete()
    form = {"act": "set", "window": "month", "value": "200"}
    assert page.post("/safer-play/first-limit/", {**form, "value": ""}).status_code == 422
    assert page.post("/safer-play/first-limit/", form).status_code == 302
    assert selectors.effective(player.pk, "deposit", "month") == Decimal(200)
    assert not PlayerChoices.objects.get(player=player).limit_declined


@pytest.mark.rule("RG-22", "RG-24")
def test_a_check_lies_over_the_game_and_is_a_page_without_script(
    page: Client, player: Player, fund: Callable[..., Any]
) -> None:
    fund(player, "30.00", "EUR")
    bet(player, "4.00", won="1.50")
    follow()
    PlaySession.objects.update(next_check_at=now())
    game = shown(page, "/originals/dice/")
    assert 'hx-get="/safer-play/reality-check/now/" hx-trigger="load, every 20s"' in game
    assert "data-session-start=" in game
    assert "session-net" in game

    over = page.get("/safer-play/reality-check/now/", headers={"HX-Request": "true"})
    html = over.content.decode()
    assert "<html" not in html
    for words in ("4.00", "1.50", "−2.50", "Stop playing", "Go on", "My rounds"):
        assert words in html
    assert "Reality check" in shown(page, "/safer-play/reality-check/now/")
    assert "What I can do" in shown(page, "/originals/dice/")
    with pytest.raises(WalletBlocked):
        bet(player)
    told = reality.waiting(player.pk)
    assert told is not None
    form = {"check": told.check.public_id, "answer": "continue", "next": "//elsewhere.example"}
    assert page.post("/safer-play/reality-check/now/", form)["Location"] == "/"
    bet(player)


@pytest.mark.rule("RG-25")
def test_session_time_that_is_used_up_stops_play_until_there_is_room(
    page: Client, player: Player, fund: Callable[..., Any]
) -> None:
    fund(player, "30.00", "EUR")
    form = {"kind": "session", "window": "day", "value": "60"}
    assert page.post("/safer-play/limits/", {**form, "value": "0.5"}).status_code == 422
    page.post("/safer-play/limits/", form)
    bet(player)
    follow()
    began = now() - timedelta(minutes=59)
    PlaySession.objects.update(started_at=began)
    assert sessions_time.enforce_due(at=began + timedelta(minutes=59)) == 0
    bet(player)
    assert sessions_time.enforce_due(at=began + timedelta(minutes=60, seconds=1)) == 1

    with pytest.raises(WalletBlocked):
        bet(player)
    session = PlaySession.objects.get()
    assert session.ended_as == PlaySession.End.LIMIT
    assert "The time you set yourself" in shown(page, "/safer-play/")
    assert sessions_time.release_due(at=began + timedelta(hours=24)) == 0
    assert sessions_time.release_due(at=began + timedelta(hours=24, minutes=16)) == 1
    bet(player)


@pytest.mark.rule("RG-26")
def test_spain_wants_a_plan_before_play_and_ends_the_session_at_its_first_bound(
    page: Client, player: Player, fund: Callable[..., Any], settings: Any
) -> None:
    settings.JURISDICTION = "ES"
    fund(player, "30.00", "EUR")
    assert sessions_time.require_plans() == 1
    with pytest.raises(WalletBlocked):
        bet(player)
    form = {"minutes": "30", "spend": "10.00"}
    for wrong in ({"minutes": "0"}, {"spend": "0"}, {"minutes": "x"}):
        assert page.post("/safer-play/session/", {**form, **wrong}).status_code == 422
    page.post("/safer-play/session/", form)
    bet(player, "9.00")
    assert page.post("/safer-play/session/", {**form, "spend": "99"}).status_code == 422
    follow()
    assert sessions_time.enforce_due() == 0
    bet(player, "1.00")
    follow()
    assert sessions_time.enforce_due() == 1

    with pytest.raises(WalletBlocked):
        bet(player)
    page.post("/safer-play/session/", form)
    bet(player)
    ends = sessions_time.plan_of(player.pk)
    assert ends is not None
    assert sessions_time.enforce_due(at=ends.ends_at - timedelta(seconds=1)) == 0
    assert sessions_time.enforce_due(at=ends.ends_at) == 1
    with pytest.raises(WalletBlocked):
        bet(player)


@pytest.mark.rule("RG-28")
def test_a_look_back_is_asked_for_twice_a_year_or_more_often(page: Client, player: Player) -> None:
    assert "It is time to look back" not in shown(page, "/safer-play/")
    Player.objects.filter(pk=player.pk).update(created_at=now() - timedelta(days=180))
    assert "It is time to look back" in shown(page, "/safer-play/")

    assert page.post("/safer-play/look-back/", {"months": "7"}).status_code == 422
    page.post("/safer-play/look-back/", {"months": "1"})

    assert "It is time to look back" not in shown(page, "/safer-play/")
    PlayerChoices.objects.update(reviewed_at=now() - timedelta(days=30))
    assert "It is time to look back" in shown(page, "/safer-play/")


def test_every_page_opens_for_a_player_and_guests_sign_in_first(
    page: Client, player: Player, fund: Callable[..., Any]
) -> None:
    fund(player, "30.00", "EUR")
    bet(player, "4.00", won="1.50")
    follow()
    guest = Client()
    for path in PAGES:
        html = shown(page, f"/safer-play/{path}")
        assert html.count("<h1") == 1, path
        assert guest.get(f"/safer-play/{path}").status_code in (200, 302)
    spending = shown(page, "/safer-play/spending/")
    assert "30.00" in spending
    assert "−2.50" in spending
    answers = {f"q{number}": "1" for number in range(1, 10)}
    assert "9 of 27" in guest.post("/safer-play/self-test/", answers).content.decode()
    assert guest.post("/safer-play/self-test/", {}).status_code == 422


@pytest.mark.rule("RG-31")
def test_a_help_page_that_is_silent_for_days_raises_an_alarm() -> None:
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as there:
        threading.Thread(target=there.handle_request, daemon=True).start()
        origin = f"http://127.0.0.1:{there.server_port}"
        assert help_lines.check_link("www.example.org", origin=origin)
    HelpLink.objects.update(answered_at=now() - timedelta(days=1))
    assert not help_lines.check_link("www.example.org", origin="http://127.0.0.1:9")
    assert not Alarm.objects.filter(code="limits.help_link_silent").exists()
    HelpLink.objects.update(answered_at=now() - timedelta(days=3))
    help_lines.check_link("www.example.org", origin="http://127.0.0.1:9")
    assert Alarm.objects.get(code="limits.help_link_silent").subject == "www.example.org"


def test_the_api_sets_limits_begins_breaks_and_answers_checks(
    player: Player, fund: Callable[..., Any]
) -> None:
    fund(player, "30.00", "EUR")
    api = signed_in(player)
    limit = {"kind": "loss", "window": "day", "limit": {"amount": "10.00", "currency": "EUR"}}
    assert api.call("POST", "limits/", limit).json()["results"][0]["limit"]["amount"] == "10.00"
    for wrong in (
        {**limit, "limit": {"amount": "1.00000000", "currency": "BTC"}},
        {**limit, "limit": 5},
        {**limit, "kind": "session"},
        {**limit, "more": 1},
    ):
        assert api.call("POST", "limits/", wrong).status_code == 400
    raised = {**limit, "limit": {"amount": "20.00", "currency": "EUR"}}
    answer = api.call("POST", "limits/", raised).json()["results"][0]
    assert answer["limit"]["amount"] == "10.00"
    cancel = f"limits/requests/{answer['request']['id']}/"
    assert api.call("POST", cancel, {"act": "cancel"}).json()["results"][0]["request"] is None

    assert api.call("POST", "reality-check/", {"minutes": 15}).json() == {
        "interval_minutes": 15,
        "check": None,
    }
    assert api.call("POST", "reality-check/", {"minutes": 61}).status_code == 400
    bet(player)
    follow()
    PlaySession.objects.update(next_check_at=now())
    check = api.call("GET", "reality-check/").json()["check"]
    assert check["staked"] == {"amount": "1.00", "currency": "EUR"}
    path = f"reality-check/{check['id']}/"
    assert api.call("POST", path, {"answer": "stop"}).json()["check"] is None
    assert api.call("POST", path, {"answer": "stop"}).status_code == 409
    begun = api.call("POST", "breaks/", {"kind": "time_out", "length": "24h"})
    assert begun.status_code == 201
    assert api.call("GET", "breaks/").json()["results"][0]["kind"] == "time_out"
