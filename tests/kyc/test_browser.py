"""Verification in a real browser: by keyboard, under axe, at both sizes, on both sides of the desk."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from apps.accounts.models import Player, User
from apps.kyc.models import Case
from tests.kyc.factories import hand_in_everything, make_details
from tests.kyc.test_desk import signed_in
from tests.operator.test_browser import RULES, faults
from tests.site.browser import DESKTOP, ORIGIN, PHONE, Visit, visiting

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


def sound(visit: Visit, name: str) -> None:
    found = Axe().run(visit.page, options=RULES).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], name
    for width, height in (DESKTOP, PHONE):
        visit.page.set_viewport_size({"width": width, "height": height})
        wide = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (name, width)


def test_details_are_told_without_a_mouse_and_the_steps_are_open(
    player: Player, client: Client
) -> None:
    client.force_login(player.user)
    told = make_details(player)
    with visiting(client) as visit:
        page = visit.page
        visit.open("/account/verification/")
        sound(visit, "details")
        page.focus("#id_first_name")
        for text in (told.first_name, told.last_name):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.focus("#id_street")
        for text in (told.street, told.post_code, told.city):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Level 2: Identity")
        page.wait_for_selector("#step-document input[type=file]")
        sound(visit, "steps")
        assert faults(visit) == []
    player.refresh_from_db()
    assert player.kyc_level == 1


def test_a_case_is_opened_compared_and_decided_without_a_mouse(
    player: Player, reviewer: User
) -> None:
    case = hand_in_everything(player)
    with visiting(signed_in(reviewer)) as visit:
        page = visit.page
        visit.open("/operator/verification/")
        sound(visit, "queue")
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        page.keyboard.press("j")
        page.keyboard.press("e")
        page.wait_for_url(f"{ORIGIN}/operator/verification/{case.public_id}/")
        page.wait_for_function("document.activeElement.name === 'reason'")
        page.keyboard.type("Queue of today")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(".ops-paper-view img")
        page.wait_for_function(
            "[...document.querySelectorAll('.ops-paper-view img')].every((one) => one.naturalWidth)"
        )
        sound(visit, "papers")
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("a")
        page.wait_for_url(f"{ORIGIN}/operator/verification/{case.public_id}/decide/")
        sound(visit, "decision")
        page.focus("#id_valid_until")
        page.keyboard.type("05012031")
        page.focus("#id_reason")
        page.keyboard.type("All of it fits")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{ORIGIN}/operator/verification/{case.public_id}/decide/**")
        page.wait_for_selector("text=your word is kept")
        assert faults(visit) == []
    assert Case.objects.get(pk=case.pk).state == "approved"
