"""Countries of the world by their ISO 3166 code, named by Unicode's territory list."""

import re
from functools import cache

from babel import Locale

# The list also holds regions, exceptional reservations and test codes; these are not countries.
NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


@cache
def countries(language: str = "en") -> list[tuple[str, str]]:
    """Pairs of code and name, sorted by name."""
    names = Locale.parse(language).territories
    found = [
        (code, name)
        for code, name in names.items()
        if re.fullmatch("[A-Z]{2}", code) and code not in NOT_COUNTRIES
    ]
    return sorted(found, key=lambda pair: pair[1])


def country_name(code: str, language: str = "en") -> str:
    return dict(countries(language)).get(code, code)
