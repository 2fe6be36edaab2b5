"""The little of Handlebars that matters here: `{{name}}` is looked up, and escaped in HTML."""

import re
from html import escape

EXPRESSION = re.compile(r"\{\{\{\s*([\w.]+)\s*\}\}\}|\{\{\s*([\w.]+)\s*\}\}")


def filled(text: str, values: dict[str, object], *, is_html: bool) -> str:
    def value(found: re.Match[str]) -> str:
        raw, name = found.groups()
        known = str(values.get(raw or name, ""))
        return escape(known) if is_html and not raw else known

    return EXPRESSION.sub(value, text)
