"""The provider's pages in a frame of ours: whose token, how often, and the whole way by keyboard."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import expect

from apps.accounts.models import Player
from apps.kyc import applicants
from apps.kyc.models import Case, ProviderApplicant
from casino.settings.shared import verification_origin
from tests.kyc.factories import picture
from tests.kyc.sumsub.conftest import Post
from tests.simulator_client import Sumsub, free_port
from tests.site import browser

pytestmark = pytest.mark.django_db
PAGE = "/account/verification/frame/identity/"
TOKEN = "/account/verification/frame/token/"
AXE = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.mark.rule("AML-05")
def test_a_token_is_minted_for_who_is_signed_in_and_never_kept(
    client: Client,
    player: Player,
    other_player: Player,
    enrolled: ProviderApplicant,
    vendor: Sumsub,
) -> None:
    assert client.get(TOKEN).status_code == 405
    assert client.post(TOKEN).status_code == 302  # a guest signs in first
    client.force_login(player.user)

    answer = client.post(TOKEN, {"userId": other_player.public_id, "levelName": "basic-kyc-level"})

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    token = answer.json()["token"]
    state = vendor.http.get("/websdk/api/state", headers={"X-Access-Token": token}).json()
    assert state["applicantId"] == enrolled.applicant_ref
    assert state["levelName"] == "identity-and-address"
    assert token.encode() not in client.get(PAGE).content
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(player.user)
    assert strict.post(TOKEN).status_code == 403


def test_tokens_are_few_and_a_provider_that_is_away_is_said_in_words(
    client: Client, player: Player, enrolled: ProviderApplicant, settings: Any
) -> None:
    client.force_login(player.user)
    base_url = settings.SUMSUB_BASE_URL
    settings.SUMSUB_BASE_URL = f"http://127.0.0.1:{free_port()}"
    away = client.post(TOKEN)
    assert (away.status_code, away.json()["error"]["code"]) == (503, "provider_away")

    settings.SUMSUB_BASE_URL = base_url
    settings.RATE_LIMITED_ROUTES = {"kyc:frame_token": "verify"}
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "verify": {"account": "2/day"}}
    assert [client.post(TOKEN).status_code for _ in range(3)] == [200, 200, 429]


def test_only_the_level_that_is_asked_for_now_has_a_frame(
    client: Client, player: Player, approved: ProviderApplicant
) -> None:
    client.force_login(player.user)

    assert client.get(PAGE).status_code == 302  # it is verified already
    assert client.get("/account/verification/frame/funds/").status_code == 200
    Case.objects.filter(player=player, level=2).update(state=Case.State.REJECTED)
    Player.objects.update(kyc_level=1)
    assert client.get(PAGE).status_code == 302
    assert client.post(TOKEN).status_code == 404  # what was refused for good is not handed in again


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        (("https://api.sumsub.com", "", ""), "https://in.sumsub.com"),
        (("https://api.sumsub.com", "https://eu.sumsub.com/x", ""), "https://eu.sumsub.com"),
        (("http://sims:8003/sumsub", "", ""), "http://sims:8003"),
        (("http://sims:8003/sumsub", "", "https://demo.example"), "https://demo.example"),
        (("", "https://in.sumsub.com", ""), ""),
    ],
)
def test_the_base_url_decides_what_may_be_framed(told: tuple[str, str, str], origin: str) -> None:
    assert verification_origin(*told) == origin


@pytest.mark.browser
def test_a_player_is_verified_in_the_frame_by_keyboard(
    client: Client,
    player: Player,
    enrolled: ProviderApplicant,
    vendor: Sumsub,
    post: Post,
    settings: Any,
) -> None:
    directives = dict(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
    directives["frame-src"] = [settings.SUMSUB_FRAME_ORIGIN]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
    client.force_login(player.user)

    with browser.visiting(client, browser.PHONE) as visit:
        page = visit.page
        # The page's own address is answered in this process: to Chromium it lies on the internet.
        page.context.grant_permissions(["local-network-access"])
        page.route(f"{vendor.origin}/**", lambda route: route.continue_())
        visit.open("/account/verification/")
        page.get_by_role("link", name="Verify with the camera").press("Enter")
        frame = page.frame_locator("verification-frame iframe")
        frame.get_by_role("heading", name="Verify your identity").wait_for()
        expect(frame.get_by_role("button", name="Submit", exact=True)).to_be_disabled()
        found = Axe().run(page, options=AXE).response["violations"]
        assert [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] == []
        assert visit.width_overflow(browser.DESKTOP) <= 0

        for title in ("Identity document", "Selfie", "Proof of address"):
            group = frame.get_by_role("group", name=title)
            group.get_by_label("Issued in").select_option("DEU")
            group.get_by_label("Picture or PDF").set_input_files(
                {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
            )
            group.get_by_role("button", name=f"Hand in: {title}").press("Enter")
            expect(group.get_by_text("Handed in: 1")).to_be_visible()
        frame.get_by_role("button", name="Submit", exact=True).press("Enter")
        expect(page.get_by_text("Handed in. We tell you when it is decided")).to_be_visible()
        vendor.act(enrolled.external_ref, "decide", answer="GREEN")
        expect(frame.get_by_text("You are verified.")).to_be_visible()
        expect(page.get_by_text("The provider has finished.")).to_be_visible()
        assert visit.complaints == []

    # What the frame said moved nothing; the vendor's webhook and our read do.
    player.refresh_from_db()
    assert player.kyc_level == 1
    post.all()
    applicants.read_due()
    player.refresh_from_db()
    assert player.kyc_level == 2
