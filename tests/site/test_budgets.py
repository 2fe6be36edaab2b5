"""Sizes that a page may not outgrow."""

import gzip
import re
from pathlib import Path

from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "static"
SCRIPTS = (
    "vendor/htmx/2.0.11/htmx.min.js",
    "vendor/idiomorph/0.8.0/idiomorph-ext.min.js",
    "js/app.js",
    "js/live.js",
)
STYLES = ("css/tokens.css", "css/base.css", "css/layout.css", "css/components.css", "css/pages.css")
FONTS = ("archivo/5.3.0/archivo-core", "onest/5.3.1/onest-core", "geist-mono/5.3.0/geist-mono-core")


def packed(name: str) -> int:
    return len(gzip.compress((STATIC / name).read_bytes()))


def test_scripts_stay_under_32_kilobytes() -> None:
    assert sum(packed(name) for name in SCRIPTS) < 32 * 1024


def test_styles_stay_under_20_kilobytes() -> None:
    assert sum(packed(name) for name in STYLES) < 20 * 1024


def test_fonts_of_a_page_stay_under_90_kilobytes() -> None:
    assert sum((STATIC / f"vendor/{name}.woff2").stat().st_size for name in FONTS) < 90 * 1024


def test_the_sprite_has_every_icon_that_templates_name() -> None:
    sprite = (STATIC / "icons/sprite.svg").read_text()
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = set()
    for template in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        text = template.read_text()
        named |= set(re.findall(r'{% icon "([a-z0-9-]+)"', text))
        named |= set(re.findall(r'<c-[a-z-]+[^>]*?\sicon(?:_end)?="([a-z0-9-]+)"', text))

    assert named - known == set()


def test_colours_are_named_in_the_tokens_only() -> None:
    allowed = re.compile(r"--plate|--plate-text|--plate-rule|radial-gradient\(120%|oklch\(")
    for name in STYLES[1:]:
        for line in (STATIC / name).read_text().splitlines():
            if re.search(r"#[0-9a-fA-F]{6}\b", line):
                assert allowed.search(line) or "color: #0d0a09" in line, (name, line[:80])
