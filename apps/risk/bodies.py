"""Who outside the house hears a complaint, by the country the player lives in.

A body that is not named here is the licensing authority of the profile in force.
"""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Body:
    """weeks: when a player may go there, counted from the complaint."""

    name: str
    site: str
    weeks: int = 8
    note: str = ""


# Source: LCCP 6.1.1 (GB, eight weeks); GGL, DGOJ and MGA pages for players, read 2026-11.
BY_COUNTRY = {
    "GB": Body(
        "Independent Betting Adjudication Service", "https://www.ibas-uk.com",
        note="It costs you nothing and binds us up to 10,000 GBP.",
    ),
    "DE": Body(
        "Gemeinsame Glücksspielbehörde der Länder", "https://www.gluecksspiel-behoerde.de", weeks=4
    ),
    "ES": Body(
        "Dirección General de Ordenación del Juego", "https://www.ordenacionjuego.es", weeks=4
    ),
    "MT": Body("Malta Gaming Authority, Player Support", "https://www.mga.org.mt", weeks=2),
}  # fmt: skip
BY_PROFILE = {
    "GB": BY_COUNTRY["GB"],
    "DE": BY_COUNTRY["DE"],
    "ES": BY_COUNTRY["ES"],
}


def body_for(country: str) -> Body:
    """Where a player from this country may go with a complaint that we did not settle."""
    found = BY_COUNTRY.get(country) or BY_PROFILE.get(settings.JURISDICTION)
    return found or Body(settings.COMPLAINT_BODY_NAME, settings.COMPLAINT_BODY_SITE)
