"""The feeds by the dotted paths of the settings: a feed may live in an app above this one."""

from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from apps.rates.providers.base import Feed


def settlement_feeds() -> list[Feed]:
    """What conversions settle at comes from these; the first that answers well gives the rate."""
    return [feed for feed in _feeds() if not feed.for_display_only]


def display_feeds() -> list[Feed]:
    """Good enough to show a worth, and for nothing else."""
    return [feed for feed in _feeds() if feed.for_display_only]


def _feeds() -> list[Feed]:
    return [feed for feed in map(_feed, settings.RATE_FEEDS) if feed.is_on]


@cache
def _feed(path: str) -> Feed:
    return cast("Feed", import_string(path)())
