"""Log lines: one line each whatever is in them, and no secrets by name.

What comes from outside (an address, a partner's words) may hold line breaks that would look like a
line of ours; tracebacks are ours and keep theirs.
"""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
SECRET = re.compile(
    r"password|passwd|secret|token|authorization|api_?key|cookie|otp|recovery|seed|signature",
    re.IGNORECASE,
)
HIDDEN = "[hidden]"
TRACES = {"exception", "stack"}


class OneLineFormatter(logging.Formatter):
    """The message on one line; the traceback below it as it is."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return one_line(super().formatMessage(record))


def one_line(text: str) -> str:
    r"""Text with line breaks and other control characters written out: `\n`."""
    return CONTROLS.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def configure(level: str) -> None:
    """Structlog as `LOG_LEVEL` says. `rich` may be installed: it would print local variables."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            without_secrets,
            on_one_line,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
            structlog.dev.ConsoleRenderer(
                exception_formatter=structlog.dev.plain_traceback, colors=False
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )


def without_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Values whose name says that they are secret stay out, whoever logged them."""
    for name in event:
        if name != "event" and SECRET.search(name):
            event[name] = HIDDEN
    return event


def on_one_line(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if name in TRACES or isinstance(value, (int, float, bool, type(None))):
            continue
        if isinstance(value, str):
            event[name] = one_line(value)
    return event
