"""Small drawing helpers for the components in templates/cotton."""

import io
from hashlib import sha256
from typing import Any, Literal

import segno
from django import template
from django.forms import (
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    HiddenInput,
    RadioSelect,
    Select,
    Textarea,
)
from django.forms.widgets import PasswordInput
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.core.money import Money
from apps.jackpots.selectors import GamePot
from apps.site import art, avatars
from apps.site.cards import CardState
from apps.site.formatting import DECIMALS_MAX, amount_text

register = template.Library()
COINS = {
    *("BTC", "ETH", "USDT", "USDC", "LTC", "DOGE", "TRX", "XRP", "ADA", "BCH", "BNB", "SOL"),
    *("DAI", "MATIC", "USD", "EUR", "GBP"),
}
STUDIO_CUTS = 8


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon of the sprite; decorative unless it has a label."""
    href = f"{static('icons/sprite.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, href
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', href)


@register.simple_tag
def coin(code: str, label: str = "") -> SafeString:
    """Draw the mark of a currency; unknown ones get the plain disc."""
    asset = str(code).upper()
    name = f"coin-{asset.lower()}" if asset in COINS else "coin-generic"
    return format_html(
        '<svg class="coin" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
        label or asset,
        static("icons/sprite.svg"),
        name,
    )


@register.simple_tag
def money(
    value: Money | Literal[""] | None,
    *,
    form: str = "coin",
    trim: bool = False,
    signed: bool = False,
    compact: bool = False,
    tone: str = "",
    size: str = "",
    live: bool = False,
    version: object = "",
) -> SafeString | str:
    """Show an amount.

    form: "coin" puts the mark of the currency after it, "text" its code, "plain" nothing.
    tone: "win" for net profit, "quiet" for a loss or zero. live: follows balance frames.
    """
    if value is None or value == "":
        return mark_safe('<span class="text-3">\N{EN DASH}</span>')
    text = amount_text(value, trim=trim, signed=signed, compact=compact)
    following: SafeString | str = ""
    if live:
        following = format_html(
            ' data-balance="{}" data-version="{}" data-decimals="{}"',
            text.code,
            version,
            min(value.currency.display_decimals, DECIMALS_MAX),
        )
    mark: SafeString | str = ""
    if form == "coin":
        mark = coin(text.code, text.name)
    elif form == "text":
        mark = format_html("<i>{}</i>", text.code)
    return format_html(
        '<data class="money" value="{}" title="{}"{}{}{}><b>{}</b>{}</data>',
        value.text,
        text.full,
        format_html(' data-tone="{}"', tone) if tone else "",
        format_html(' data-size="{}"', size) if size else "",
        following,
        text.shown,
        mark,
    )


@register.simple_tag
def qr(text: str) -> SafeString:
    """Draw a QR code as inline SVG, dark on the bone plate around it."""
    drawing = io.BytesIO()
    segno.make(text, error="m").save(
        drawing, kind="svg", xmldecl=False, svgns=False, border=0, omitsize=True, lineclass=None
    )
    return mark_safe(drawing.getvalue().decode())  # noqa: S308  segno draws, nothing of `text` remains


@register.filter
def emphasised(address: str) -> SafeString:
    """Mark the first and last six characters: the ones people compare."""
    text = str(address)
    if len(text) <= 16:
        return format_html("<b>{}</b>", text)
    return format_html("<b>{}</b>{}<b>{}</b>", text[:6], text[6:-6], text[-6:])


@register.filter
def shortened(text: str, keep: int = 6) -> str:
    """`bc1qxy…0wlh`: the ends of an id or address."""
    value = str(text)
    return (
        value
        if len(value) <= 2 * keep + 1
        else f"{value[:keep]}\N{HORIZONTAL ELLIPSIS}{value[-keep:]}"
    )


@register.filter
def marked(text: str, query: str) -> SafeString:
    """Wrap the part of `text` that a search matched."""
    found = str(text).casefold().find(str(query).casefold())
    if not query or found < 0:
        return conditional_escape(text)
    end = found + len(query)
    return format_html("{}<mark>{}</mark>{}", text[:found], text[found:end], text[end:])


@register.filter
def control_kind(field: BoundField) -> str:
    """Which shape `c-field` gives a form field."""
    widget = field.field.widget
    for kind, classes in (
        ("hidden", HiddenInput),
        ("checkbox", CheckboxInput),
        ("radio", (RadioSelect, CheckboxSelectMultiple)),
        ("select", Select),
        ("textarea", Textarea),
        ("password", PasswordInput),
    ):
        if isinstance(widget, classes):
            return kind
    return "input"


@register.simple_tag
def art_url(slug: str, *, bare: bool = False) -> str:
    """Address of the poster of a game, without its frame when `bare`."""
    return art.url(slug, bare=bare)


@register.filter
def ink(slug: str) -> int:
    """Number of the ink set of a poster, for `data-ink`."""
    return art.ink_number(slug)


@register.simple_tag
def avatar_url(seed: object) -> str:
    return reverse("site:avatar", args=[avatars.seed_of(str(seed))])


@register.filter
def studio_cut(slug: str) -> int:
    """One of the eight typographic wordmarks of `.studio`."""
    return sha256(str(slug).encode()).digest()[0] % STUDIO_CUTS


@register.filter
def thousands(count: object) -> str:
    """`1284` -> `1,284`."""
    return f"{int(str(count)):,}"


@register.filter
def percent(value: object) -> int:
    """Clamp a share of one hundred for a bar."""
    try:
        return max(0, min(100, int(float(str(value)))))
    except ValueError:
        return 0


@register.simple_tag
def required(component: str, name: str, value: object) -> str:
    """Refuse to draw a component that lacks what makes it accessible."""
    if not value:
        raise template.TemplateSyntaxError(f"<{component}> needs {name}.")
    return ""


@register.filter
def times(count: object) -> range:
    """Repeat a skeleton `count` times."""
    return range(int(str(count)))


@register.simple_tag
def pips(value: object, total: int = 10) -> SafeString:
    """Ten facets, the first `value` per cent of them filled."""
    filled = round(percent(value) * total / 100)
    return format_html_join(
        "", "<i{}></i>", ((mark_safe(" data-on") if n < filled else "",) for n in range(total))
    )


@register.simple_tag(takes_context=True)
def pot(context: dict[str, Any], game: Any) -> GamePot | None:
    """What the jackpot of a game's studio stands at, if it has one and tells."""
    state: CardState | None = context.get("card_state")
    return state.pot(game) if state and getattr(game, "pk", getattr(game, "id", None)) else None


@register.simple_tag(takes_context=True)
def heart(context: dict[str, Any], game: Any, *, in_bar: bool = False) -> SafeString:
    """The switch of a player's favourites; it belongs to the one form of the page's shell."""
    state: CardState | None = context.get("card_state")
    game_id = getattr(game, "pk", getattr(game, "id", None))
    if state is None or state.player is None or game_id is None:
        return mark_safe("")
    is_on = state.is_favourite(game_id)
    return format_html(
        '<button class="{}" type="submit" form="favourite-form" name="{}" value="{}"'
        ' aria-pressed="{}" aria-label="Favourite: {}" data-heart><svg class="icon" aria-hidden="true">'
        '<use href="{}#heart-fill"/><use href="{}#heart"/></svg></button>',
        "heart icon-button" if in_bar else "heart",
        "remove" if is_on else "add",
        game.slug,
        "true" if is_on else "false",
        game.title,
        *[static("icons/sprite.svg")] * 2,
    )


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], href: str, *, covers: bool = False) -> SafeString:
    """Mark a link as the page it is on, or as the section; `markCurrent` in app.js goes on."""
    path = context["request"].path
    marks = [mark_safe(" data-covers")] if covers else []
    if path == href:
        marks.append(mark_safe(' aria-current="page"'))
    elif covers and path.startswith(href):
        marks.append(mark_safe(' aria-current="true"'))
    return format_html_join("", "{}", ((mark,) for mark in marks))


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: object) -> str:
    """The current query string with some parts replaced; None removes a part."""
    request: HttpRequest = context["request"]
    parts = request.GET.copy()
    for name, value in changes.items():
        parts.pop(name, None)
        if value not in (None, ""):
            parts[name] = str(value)
    return f"?{parts.urlencode()}" if parts else "?"
