"""Lengths of time as people read them."""

from datetime import timedelta

from django import template

register = template.Library()


@register.filter
def clock(length: timedelta) -> str:
    """`1:05:00`: hours, minutes, seconds."""
    seconds = max(0, int(length.total_seconds()))
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


@register.filter
def minutes(count: int) -> str:
    """`45 min`, `2 h`, `2 h 30 min`."""
    hours, rest = divmod(int(count), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
