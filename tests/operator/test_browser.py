"""The queue in a real browser, by keyboard alone, and our own pages under axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from apps.payments.models import Withdrawal
from tests.operator.factories import World, code_of, make_staff, signed_in
from tests.site.browser import ORIGIN, Visit, visiting

pytestmark = [pytest.mark.django_db, pytest.mark.browser]

# Without `preload`: axe would fetch what the style sheets import from wrong addresses.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "preload": False,
}


def faults(visit: Visit) -> list[str]:
    """What went wrong, without the browser's remark that the test's origin is plain HTTP."""
    return [text for text in visit.complaints if "Cross-Origin-Opener-Policy" not in text]


def test_a_withdrawal_is_approved_without_a_mouse(world: World) -> None:
    user = make_staff("finance")
    code = code_of(user, steps=1)

    with visiting(signed_in(user)) as visit:
        page = visit.page
        visit.open("/operator/queue/")
        page.keyboard.press("j")
        page.keyboard.press("a")
        page.wait_for_url(f"{ORIGIN}/operator/queue/{world.withdrawal.public_id}/approve/")
        page.wait_for_function("document.activeElement.name === 'reason'")
        page.keyboard.type("Known wallet")
        page.keyboard.press("Tab")
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        page.wait_for_selector("text=approved, to be sent")

    assert faults(visit) == []
    world.withdrawal.refresh_from_db()
    assert world.withdrawal.state == Withdrawal.State.APPROVED


def test_our_pages_are_sound(world: World) -> None:
    places = {
        "dashboard": "/operator/",
        "queue": "/operator/queue/",
        "case": f"/operator/queue/{world.withdrawal.public_id}/",
        "player": f"/operator/players/{world.player.pk}/",
        "entry": f"/operator/entries/{world.deposit.entry_id}/",
        "operations": f"/operator/operations/?q={world.deposit.outside_ref}",
        "confirmation": f"/operator/players/{world.player.pk}/status/",
    }

    with visiting(signed_in(make_staff("administrator"))) as visit:
        for name, place in places.items():
            visit.open(place)
            visit.page.wait_for_selector(".ops-page")
            found = Axe().run(visit.page, options=RULES).response["violations"]
            assert [one["id"] for one in found] == [], name
            width = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, name

    assert faults(visit) == []
