"""Where players may be: looked at when they sign in, when their address changes, and regularly.

A player who is in the wrong place, or nobody knows where, gets the restriction `location`: no bets
and no deposits at any door, until a look finds them where they may play. Withdrawing goes on.
What is allowed, and how often it is looked at, is said by the profile of the player's country.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.module_loading import import_string

from apps.accounts.applicants import Applicant
from apps.accounts.countries import country_name
from apps.accounts.errors import CountryBlocked
from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.client_address import client_ip
from apps.core.clock import now
from apps.events.bus import publish
from apps.ledger.models import Block
from apps.risk import centres, geo
from apps.risk.errors import LocationUnknown
from apps.risk.events import PlayerLocated
from apps.risk.models import LocationCheck
from apps.wallet import restrictions

CODE = "location"
STOPS = Block.PLAY | Block.DEPOSIT
Refusal, Occasion = LocationCheck.Refusal, LocationCheck.Occasion
WORDS = {
    Refusal.COUNTRY: "We cannot offer our games where you are now.",
    Refusal.RESIDENCE: "We cannot offer our games in your country.",
    Refusal.UNKNOWN: "We cannot tell where you are, and have to before you play. "
    "Try another network, or write to support.",
    Refusal.HIDDEN: "Your network hides where you are. Switch your VPN or proxy off to play.",
}
OVERDUE_WORDS = "We have to look again where you are. Open any page of ours to go on."
# A middle of a country is not where somebody stands, and airports are not at the middle either.
SLACK_KM = 1500.0
FASTEST_KM_PER_HOUR = 1000.0
# Nothing older says how fast somebody travelled.
TRAVEL_WITHIN = timedelta(hours=24)
# A player who plays and has asked us for nothing is given this long after the look was due.
GRACE = timedelta(minutes=5)
OVERDUE_AT_ONCE = 500


class Rules(Protocol):
    """What the profile of a country says."""

    @property
    def blocked_countries(self) -> Collection[str]: ...
    @property
    def location_minutes(self) -> int: ...


@dataclass(frozen=True)
class Found:
    """A judgement. refusal: empty when the player may play. flags: for those who watch."""

    place: geo.Place
    refusal: str
    flags: list[str]


def rules_for(country: str) -> Rules:
    """From whoever has the profiles: `settings.LOCATION_RULES` names a function of a country."""
    found: Rules = import_string(settings.LOCATION_RULES)(country)
    return found


def is_home(ip: str | None) -> bool:
    """Whether this is a development machine's own address, where everybody counts as at home."""
    return bool(settings.GEO_PRIVATE_IS_HOME) and geo.place_of(ip).is_private


def judge(*, residence: str, ip: str | None) -> Found:
    """What the rules of the country of residence say of this address."""
    place = geo.place_of(ip)
    blocked = rules_for(residence).blocked_countries
    flags: list[str] = [place.hides] if place.hides else []
    country = residence if is_home(ip) else place.country
    if country and country != residence:
        flags.append("country")
    refusal = ""
    if residence in blocked:
        refusal = Refusal.RESIDENCE
    elif country in blocked:
        refusal = Refusal.COUNTRY
    elif place.hides and settings.GEO_HIDDEN_REFUSED:
        refusal = Refusal.HIDDEN
    elif not country and settings.GEO_UNKNOWN_REFUSED:
        refusal = Refusal.UNKNOWN
    return Found(place, str(refusal), flags)


def check_applicant(applicant: Applicant) -> None:
    """Refuse a registration from where nobody may play (a hook of `REGISTRATION_CHECKS`).

    Without an address it is not a person at a door who asks. Raises CountryBlocked,
    LocationUnknown.
    """
    if applicant.ip is None:
        return
    found = judge(residence=applicant.country, ip=applicant.ip)
    if found.refusal in {Refusal.COUNTRY, Refusal.RESIDENCE}:
        raise CountryBlocked(fields={"country": WORDS[Refusal(found.refusal)]})
    if found.refusal:
        raise LocationUnknown(fields={"country": WORDS[Refusal(found.refusal)]})


@transaction.atomic
def check(
    *,
    player: Player,
    ip: str | None,
    occasion: str,
    request: HttpRequest | None = None,
    at: datetime | None = None,
) -> LocationCheck:
    """Look where a player is, keep it, and stop or free their play by it."""
    at = at or now()
    found = judge(residence=player.country, ip=ip)
    before = LocationCheck.objects.filter(player=player).order_by("-id").first()
    flags = [*found.flags, *(["travel"] if _is_impossible(before, found.place.country, at) else [])]
    made = LocationCheck.objects.create(
        player=player,
        at=at,
        occasion=occasion,
        ip=ip,
        country=player.country if is_home(ip) else found.place.country,
        residence=player.country,
        hides=found.place.hides,
        flags=flags,
        refusal=found.refusal,
        database=found.place.database[:80],
    )
    _follow(player, made, request)
    return made


def newest(player_id: int) -> LocationCheck | None:
    return LocationCheck.objects.filter(player_id=player_id).order_by("-id").first()


def checks_of(player_id: int, limit: int = 50) -> list[LocationCheck]:
    """What staff look at: the newest first."""
    return list(LocationCheck.objects.filter(player_id=player_id).order_by("-id")[:limit])


def countries_seen(player_id: int, since: datetime, until: datetime) -> set[str]:
    """Where a player was (asked by the monitoring rules)."""
    found = LocationCheck.objects.filter(player_id=player_id, at__range=(since, until))
    return set(found.exclude(country="").values_list("country", flat=True).distinct())


def stop_overdue(*, at: datetime | None = None) -> int:
    """Stop who plays at a partner's and has asked us for nothing since a look was due.

    Their next page or call looks, and frees them. How many were stopped.
    """
    at = at or now()
    stopped = 0
    playing: Callable[[], Collection[int]] = import_string(settings.PLAYERS_AT_PLAY)
    for player_id in list(playing())[:OVERDUE_AT_ONCE]:
        stopped += _stop_if_overdue(player_id, at)
    return stopped


def _stop_if_overdue(player_id: int, at: datetime) -> bool:
    last = newest(player_id)
    if last is None or last.refusal or is_home(last.ip):
        return False
    due = timedelta(minutes=rules_for(last.residence).location_minutes) + GRACE
    if at - last.at < due or _is_stopped(player_id):
        return False
    restrictions.impose(
        player_id=player_id,
        code=CODE,
        stops=STOPS,
        words=OVERDUE_WORDS,
        actor="system",
        reason=f"Not located since {last.at:%H:%M} UTC.",
    )
    return True


def _follow(player: Player, made: LocationCheck, request: HttpRequest | None) -> None:
    standing = next((one for one in restrictions.standing(player.pk) if one.code == CODE), None)
    if made.refusal:
        words = WORDS[Refusal(made.refusal)]
        # Looked at again for the same reason: nothing is new but the look.
        if standing is None or standing.words != words:
            _stop(player, made, words, request)
    elif standing is not None:
        restrictions.lift(
            player_id=player.pk,
            code=CODE,
            actor="system",
            reason=f"Located in {country_name(made.country) if made.country else 'no country'}.",
        )
    if made.flags or made.refusal:
        publish(
            PlayerLocated(
                player_id=player.pk,
                check_id=made.pk,
                country=made.country,
                flags=",".join(made.flags),
                refusal=made.refusal,
            )
        )


def _stop(player: Player, made: LocationCheck, words: str, request: HttpRequest | None) -> None:
    where = f"{made.country or 'unknown'} ({made.ip})"
    restrictions.impose(
        player_id=player.pk,
        code=CODE,
        stops=STOPS,
        words=words,
        actor="system",
        reason=f"{Refusal(made.refusal).label}: {where}",
    )
    audit.record(
        "location.refused",
        actor="system",
        subject=player,
        after={"country": made.country, "why": made.refusal, "flags": made.flags},
        request=request,
    )


def _is_stopped(player_id: int) -> bool:
    return any(one.code == CODE for one in restrictions.standing(player_id))


def _is_impossible(before: LocationCheck | None, country: str, at: datetime) -> bool:
    """Whether nobody gets from where the player was to where they are in that time."""
    if before is None or not before.country or not country or before.country == country:
        return False
    passed = at - before.at
    if not timedelta(0) <= passed <= TRAVEL_WITHIN:
        return False
    apart = centres.kilometres(before.country, country)
    if apart is None:
        return False
    hours = passed.total_seconds() / 3600
    return apart - SLACK_KM > FASTEST_KM_PER_HOUR * hours


# ---- when it is looked at --------------------------------------------------------------------------

MARK = "located"
# A telephone and a laptop may both be on.
LATELY = 10


def signed_in(player: Player, request: HttpRequest) -> None:
    """Before the first game of a sign-in (a hook of `SIGN_IN_CHECKS`)."""
    if is_home(client_ip(request)) and not _is_stopped(player.pk):
        return
    _look(player, request, Occasion.SIGN_IN)


def look_if_due(player: Player, request: HttpRequest) -> None:
    """Look again when the address is another one, or the last look is too old."""
    ip = client_ip(request)
    if is_home(ip):
        return
    mark = request.session.get(MARK)
    if not isinstance(mark, dict) or mark.get("player") != player.pk:
        _look(player, request, Occasion.SIGN_IN)
    elif mark.get("ip") != ip:
        _look(player, request, Occasion.MOVED)
    elif now().timestamp() >= float(mark.get("until", 0)):
        _look(player, request, Occasion.INTERVAL)


def look_if_due_by_key(player: Player, ip: str | None) -> None:
    """The same for programs and sockets, which have no session to note it in."""
    if ip is None or is_home(ip):
        return
    lately = checks_of(player.pk, LATELY)
    here = next((one for one in lately if one.ip == ip), None)
    if here is None:
        occasion = Occasion.MOVED if lately else Occasion.SIGN_IN
    elif lately[0].refusal and lately[0] != here:
        # Stopped somewhere else, and back.
        occasion = Occasion.MOVED
    elif now() >= _until(player, here):
        occasion = Occasion.INTERVAL
    else:
        return
    check(player=player, ip=ip, occasion=occasion)


def _look(player: Player, request: HttpRequest, occasion: str) -> None:
    made = check(player=player, ip=client_ip(request), occasion=occasion, request=request)
    request.session[MARK] = {
        "player": player.pk,
        "ip": made.ip,
        "until": _until(player, made).timestamp(),
    }


def _until(player: Player, made: LocationCheck) -> datetime:
    """A refusal is looked at again soon: the player may have switched a VPN off."""
    minutes = rules_for(player.country).location_minutes
    return made.at + timedelta(minutes=min(minutes, 1) if made.refusal else minutes)
