"""Organisations that help with gambling, by country. Free and independent of any casino."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from django.conf import settings

from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.integrations.errors import ProviderError
from apps.integrations.http import VendorHttp
from apps.limits.models import HelpLink

TIMEOUT_SECONDS = 10.0
ANSWER_BYTES_MAX = 2 * 1024 * 1024
# A page that is away for a night is no news; one that is away longer helps nobody.
SILENT_AFTER = timedelta(days=2)


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


def check_links() -> int:
    """Ask every page whether it is still there; an alarm for one that is silent for days."""
    if not settings.HELP_LINKS_WATCH:
        return 0
    return sum(check_link(line.website) for line in HELP_LINES)


def check_link(website: str, *, origin: str = "") -> bool:
    """Ask one page and keep what it said. origin: where it is asked, if not at its own address."""
    at = now()
    failure = _failure(origin or f"https://{website}")
    link, _ = HelpLink.objects.get_or_create(website=website, defaults={"checked_at": at})
    link.checked_at, link.failure = at, failure[:200]
    if not failure:
        link.answered_at = at
    link.save()
    if failure and (link.answered_at is None or at - link.answered_at > SILENT_AFTER):
        raise_alarm(
            "limits.help_link_silent",
            subject=website,
            message=f"The page of a help organisation does not answer: {failure}",
        )
    return not failure


def _failure(origin: str) -> str:
    """Why a page did not answer; empty when it did. That it sends us on somewhere is an answer."""
    try:
        answer = VendorHttp("help organisation", origin).request(
            "GET", "/", timeout_seconds=TIMEOUT_SECONDS, answer_bytes_max=ANSWER_BYTES_MAX
        )
    except ProviderError as error:
        return str(error)
    # Some refuse programs; whoever refuses is there.
    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in (
        HTTPStatus.NOT_FOUND,
        HTTPStatus.GONE,
    ):
        return ""
    return f"status {answer.status}"
