"""The ECB's daily reference rates: published for information, so they are only ever shown."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from xml.etree import ElementTree

from django.conf import settings

from apps.integrations.errors import ProviderError
from apps.integrations.http import client
from apps.rates.providers.base import Reading, reading

NAME = "ecb"
TIMEOUT_SECONDS = 10.0
BYTES_MAX = 64 * 1024
CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Ecb:
    """`eurofxref-daily.xml`: units of a currency per euro. The day inside it is its age."""

    name = NAME
    for_display_only = True
    max_age_seconds = 0  # the calendar says how long a day of it holds

    @property
    def is_on(self) -> bool:
        return bool(settings.ECB_BASE_URL)

    def read(self, codes: Sequence[str], base: str) -> list[Reading]:
        if base != "EUR":
            raise ProviderError("The ECB knows the euro as base and nothing else.", retryable=False)
        answer = client(NAME).request(
            "GET",
            "stats/eurofxref/eurofxref-daily.xml",
            timeout_seconds=TIMEOUT_SECONDS,
            answer_bytes_max=BYTES_MAX,
        )
        if answer.status != 200:
            raise ProviderError(f"The ECB answered {answer.status}.", retryable=True)
        day, rates = parse(answer.body)
        as_of = datetime.combine(day, time(), tzinfo=UTC)
        return [reading(code, rates[code], as_of, inverted=True) for code in codes if code in rates]


def parse(body: bytes) -> tuple[date, dict[str, str]]:
    """The day of the file and its rates as text. Raises ProviderError."""
    # A document that declares entities is not theirs, and could be built to explode.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ProviderError("The ECB's file declares entities.", retryable=False)
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (no entities, 64 KiB at most)
    except ElementTree.ParseError as error:
        raise ProviderError("The ECB's file is not XML.", retryable=True) from error
    days = [cube for cube in root.iter(CUBE) if "time" in cube.attrib]
    if len(days) != 1 or not DAY.fullmatch(days[0].attrib["time"]):
        raise ProviderError("The ECB's file has no day.", retryable=True)
    try:
        day = date.fromisoformat(days[0].attrib["time"])
    except ValueError as error:
        raise ProviderError("The ECB's file has no day.", retryable=True) from error
    rates = {
        cube.attrib["currency"]: cube.attrib.get("rate", "")
        for cube in days[0].iter(CUBE)
        if "currency" in cube.attrib
    }
    return day, rates
