"""Organisations that help with gambling, by country. Free and independent of any casino."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HelpLine:
    name: str
    country: str
    about: str
    website: str

    @property
    def country_name(self) -> str:
        return COUNTRIES.get(self.country, self.country)


COUNTRIES = {
    "AT": "Austria",
    "AU": "Australia",
    "CA": "Canada",
    "CH": "Switzerland",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "NL": "Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "PT": "Portugal",
    "SE": "Sweden",
}

# Source: the organisations' own websites. Addresses only: phone numbers change more often.
HELP_LINES = (
    HelpLine(
        "Gambling Therapy",
        "",
        "Support by text in many languages, from anywhere.",
        "www.gamblingtherapy.org",
    ),
    HelpLine(
        "Gamblers Anonymous",
        "",
        "Meetings of people who stopped, in person and online.",
        "www.gamblersanonymous.org",
    ),
    HelpLine("GamCare", "GB", "Advice and counselling, day and night.", "www.gamcare.org.uk"),
    HelpLine(
        "BeGambleAware", "GB", "Self-assessment and a way to treatment.", "www.begambleaware.org"
    ),
    HelpLine(
        "BZgA Check dein Spiel", "DE", "Self-test, chat and counselling.", "www.check-dein-spiel.de"
    ),
    HelpLine(
        "Spielsuchthilfe", "AT", "Counselling for players and families.", "www.spielsuchthilfe.at"
    ),
    HelpLine(
        "SOS Spielsucht", "CH", "Advice in German, French and Italian.", "www.sos-spielsucht.ch"
    ),
    HelpLine(
        "Joueurs Info Service",
        "FR",
        "Information and a listening ear.",
        "www.joueurs-info-service.fr",
    ),
    HelpLine("Peluuri", "FI", "Helpline and online programmes.", "www.peluuri.fi"),
    HelpLine(
        "Stödlinjen", "SE", "Anonymous support for players and relatives.", "www.stodlinjen.se"
    ),
    HelpLine("Hjelpelinjen", "NO", "Helpline for gambling problems.", "www.hjelpelinjen.no"),
    HelpLine("StopSpillet", "DK", "Advice about gambling, free of charge.", "www.stopspillet.dk"),
    HelpLine("Loket Kansspel", "NL", "Information, advice and support.", "www.loketkansspel.nl"),
    HelpLine("FEJAR", "ES", "Federation of rehabilitated players.", "www.fejar.org"),
    HelpLine(
        "Jogadores Anónimos",
        "PT",
        "Meetings in Portugal and online.",
        "www.jogadoresanonimos.org.pt",
    ),
    HelpLine("ConnexOntario", "CA", "A way to treatment services.", "www.connexontario.ca"),
    HelpLine(
        "Gambling Help Online",
        "AU",
        "Chat and counselling, day and night.",
        "www.gamblinghelponline.org.au",
    ),
    HelpLine("Problem Gambling Foundation", "NZ", "Free counselling.", "www.pgf.nz"),
)


def for_country(country: str) -> list[HelpLine]:
    """All organisations: those of `country` first, then those for everybody."""
    return sorted(
        HELP_LINES,
        key=lambda line: (line.country != country or not country, line.country != "", line.country),
    )
