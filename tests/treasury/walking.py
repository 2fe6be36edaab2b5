"""One visit for all pages: axe at the size of a desk, then the same page made as narrow as a phone."""

from collections.abc import Iterable
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.site.browser import DESKTOP, PHONE, Visit

RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "preload": False,
}


def walk(visit: Visit, places: Iterable[str], *, ready: str = "main") -> None:
    """Insist that every page is accessible and fits both sizes. ready: what shows that it is there."""
    page = visit.page
    for place in places:
        visit.open(place)
        page.wait_for_selector(ready)
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], place
        for size in (DESKTOP, PHONE):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (place, size)
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
