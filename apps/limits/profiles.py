# ruff: noqa: RUF009  # the helper makes fields
"""What a licence asks for: every value that differs from one jurisdiction to another.

A profile is a set of values. Those written here hold until two people change one
(`profile_acts.py`); changes are rows with who, when, old, new and why, and the newest row counts.
The casino plays under `settings.JURISDICTION`; residents of some countries under a profile of
their own.
Amounts are in the base currency (`settings.DISPLAY_CURRENCY`); None: no such bound.
"""

import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from decimal import Decimal
from types import UnionType
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.accounts.applicants import Applicant
from apps.accounts.countries import countries
from apps.accounts.errors import CountryBlocked, TooYoung
from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.limits.models import ProfileChange

Value = bool | int | Decimal | str | tuple[str, ...] | tuple[int, ...] | None
Json = Any
# The scope of changes that give the residents of a country a profile.
COUNTRIES = "countries"
PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2})?")
WHOLE_MAX = 1_000_000
AMOUNT_MAX = Decimal(10) ** 12
GROUPS = ("Getting in", "Identity", "Limits", "Breaks", "Play", "Offers", "Tips", "Harm", "Account")


def _value(
    default: Value, group: str, label: str, help_text: str = "", *, choices: tuple[str, ...] = ()
) -> Any:
    return field(
        default=default,
        metadata={"group": group, "label": label, "help": help_text, "choices": choices},
    )


def _from_settings(read: Callable[[], Value], group: str, label: str, help_text: str) -> Any:
    return field(
        default_factory=read,
        metadata={"group": group, "label": label, "help": help_text, "choices": ()},
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """The defaults of the fields are those of STRICT. Units come last in a name."""

    name: str = field(default="STRICT", metadata={})

    # ---- getting in
    age_min: int = _from_settings(lambda: settings.AGE_MIN, "Getting in", "Legal age", "years")
    blocked_countries: tuple[str, ...] = _from_settings(
        lambda: tuple(settings.BLOCKED_COUNTRIES),
        "Getting in",
        "Blocked countries",
        "residents cannot register, deposit or play",
    )
    location_minutes: int = _value(
        30, "Getting in", "Location is checked again after", "minutes of play"
    )
    register: str = _value(
        "", "Getting in", "National register of exclusions", "asked at registration and sign-in"
    )

    # ---- identity
    kyc_before_deposit: bool = _value(True, "Identity", "Verified before the first deposit or bet")
    kyc_before_withdrawal: bool = _value(True, "Identity", "Verified before the first withdrawal")
    kyc_value: Decimal = _value(
        Decimal(2000),
        "Identity",
        "Verified from",
        "deposits, withdrawals, stakes or winnings, single or linked",
    )
    kyc_linked_days: int = _value(180, "Identity", "Payments are linked within", "days")
    documents: tuple[str, ...] = _value(
        ("identity document", "selfie", "proof of address"), "Identity", "Documents asked for"
    )
    document_grace_days: int = _value(30, "Identity", "Play after a document expires", "days")
    funds_value: Decimal = _value(Decimal(10_000), "Identity", "Source of funds asked from")
    funds_days: int = _value(30, "Identity", "Source of funds counts", "days")
    funds_two_people_value: Decimal = _value(
        Decimal(50_000), "Identity", "Source of funds decided by two people from"
    )
    self_hosted_value: Decimal = _value(
        Decimal(1000), "Identity", "Proof of control of an own wallet from"
    )
    address_risk_bps_max: int = _value(
        7000, "Identity", "Risk of an address up to", "basis points; above it is held"
    )
    turnover_times_min: int = _value(
        1, "Identity", "Turnover of deposits below which a withdrawal is reviewed", "times"
    )
    turnover_review_hours: int = _value(72, "Identity", "Such a review is decided within", "hours")

    # ---- limits
    asks_limit_first: bool = _from_settings(
        lambda: settings.FIRST_LIMIT_ASKED,
        "Limits",
        "Asked to set a limit at the start",
        "and declined actively",
    )
    increase_wait_hours: int = _value(24, "Limits", "A looser limit waits", "hours, at least")
    increase_wait_working_days: int = _value(
        0, "Limits", "A looser limit waits", "working days, at least"
    )
    increase_every_days: int = _value(
        0, "Limits", "Looser limits at most once in", "days; 0 is no bound"
    )
    removal_wait_days: int = _value(7, "Limits", "No limit at all waits", "days")
    request_lapse_days: int = _value(7, "Limits", "Unconfirmed requests lapse after", "days")
    deposit_day_max: Decimal | None = _value(None, "Limits", "Deposits in 24 hours up to")
    deposit_week_max: Decimal | None = _value(None, "Limits", "Deposits in 7 days up to")
    deposit_month_max: Decimal | None = _value(None, "Limits", "Deposits in a month up to")

    # ---- time away
    exclusion_months_min: int = _value(6, "Breaks", "Self-exclusion at least", "months")
    time_out_days_max: int = _value(42, "Breaks", "Time-out at most", "days")
    panic_hours: int = _value(24, "Breaks", "The panic button blocks for", "hours")
    return_wait_hours: int = _value(24, "Breaks", "A return waits", "hours")
    permanent_return_wait_days: int = _value(
        7, "Breaks", "A return from a permanent exclusion waits", "days"
    )

    # ---- play
    autoplay: bool = _value(False, "Play", "Autoplay")
    turbo: bool = _value(False, "Play", "Turbo and slam stop")
    feature_buy: bool = _value(False, "Play", "Buying features")
    slot_round_ms_min: int = _value(2500, "Play", "A round of a slot takes at least", "ms")
    other_round_ms_min: int = _value(2500, "Play", "A round of another game at least", "ms")
    slot_stake_max: Decimal | None = _value(None, "Play", "Stake at a slot up to")
    young_slot_stake_max: Decimal | None = _value(
        None, "Play", "Stake of young players at a slot up to"
    )
    young_age_max: int = _value(24, "Play", "Young is up to", "years")
    one_game_at_a_time: bool = _value(False, "Play", "One game at a time")
    reality_minutes: int = _value(
        60, "Play", "Reality check every", "minutes, when the player chose none"
    )
    reality_minutes_choices: tuple[int, ...] = _value(
        (15, 30, 45, 60), "Play", "Reality checks a player may choose", "minutes"
    )
    reality_pause_minutes: int = _value(0, "Play", "Pause after a reality check", "minutes")
    session_plan: bool = _value(
        False, "Play", "Time and money are chosen before a session", "and not changed during it"
    )
    review_months: int = _value(6, "Play", "Asked to look back every", "months")

    # ---- offers
    bonuses: str = _value(
        "open",
        "Offers",
        "Bonuses",
        "restricted: none for registering or for a first deposit",
        choices=("open", "one product an offer", "restricted", "none"),
    )
    bonus_wagering_times_max: int = _value(35, "Offers", "Wagering of a bonus up to", "times")
    vip: bool = _value(True, "Offers", "VIP and loyalty")
    vip_after_checks: bool = _value(False, "Offers", "VIP only after checks of means and harm")
    vip_age_min: int = _value(18, "Offers", "VIP and loyalty from", "years")

    # ---- tips
    tips: bool = _value(False, "Tips", "Tips between players")
    tips_day_max: Decimal = _value(Decimal(100), "Tips", "Tips in 24 hours up to")
    withdrawal_cancel: bool = _value(False, "Tips", "A withdrawal may be called back")

    # ---- harm
    harm_case_score: int = _value(40, "Harm", "A case is opened from", "points")
    harm_high_score: int = _value(70, "Harm", "No offers from", "points")
    intense_loss_value: Decimal = _value(Decimal(1000), "Harm", "Intense play: lost in a week")
    young_intense_loss_value: Decimal = _value(
        Decimal(400), "Harm", "Intense play of the young: lost in a week"
    )
    intense_weeks: int = _value(3, "Harm", "Intense play: weeks one after the other", "weeks")

    # ---- account
    dormant_months: int = _value(12, "Account", "Dormant after", "months without a sign-in")
    dormant_notice_days: int = _value(30, "Account", "Notice before it", "days")


_DEFAULTS: dict[str, dict[str, Value]] = {
    "STRICT": {},
    "THRESHOLD": {
        "kyc_before_deposit": False,
        "tips": True,
        "autoplay": True,
        "turbo": True,
        "feature_buy": True,
        "slot_round_ms_min": 0,
        "other_round_ms_min": 0,
    },
    "GB": {
        "register": "GAMSTOP",
        "other_round_ms_min": 5000,
        "slot_stake_max": Decimal(5),
        "young_slot_stake_max": Decimal(2),
        "bonuses": "one product an offer",
        "bonus_wagering_times_max": 10,
        "vip_after_checks": True,
    },
    "DE": {
        "register": "OASIS",
        "increase_wait_hours": 168,
        "deposit_month_max": Decimal(1000),
        "slot_round_ms_min": 5000,
        "other_round_ms_min": 5000,
        "one_game_at_a_time": True,
        "reality_pause_minutes": 5,
        "bonuses": "restricted",
        "vip": False,
    },
    "ES": {
        "register": "RGIAJ",
        "increase_wait_hours": 0,
        "increase_wait_working_days": 3,
        "increase_every_days": 90,
        "deposit_day_max": Decimal(700),
        "deposit_week_max": Decimal(1750),
        "deposit_month_max": Decimal(3300),
        "slot_round_ms_min": 3000,
        "other_round_ms_min": 3000,
        "session_plan": True,
        "bonuses": "restricted",
        "vip_age_min": 26,
        "intense_loss_value": Decimal(600),
        "young_intense_loss_value": Decimal(200),
    },
}
NAMES = tuple(_DEFAULTS)
FIELDS: dict[str, Field[Any]] = {one.name: one for one in fields(Profile) if one.metadata}
_TYPES = typing.get_type_hints(Profile)


def profile_of(player: Player) -> Profile:
    """The profile a player plays under, read from the primary."""
    return profile_for(player.country)


def profile_for(country: str) -> Profile:
    """The profile of residents of a country (ISO 3166 alpha-2; unknown ones have the casino's)."""
    changes = _in_force()
    assigned = changes.get((COUNTRIES, country))
    return _with_changes(assigned or default_of(country), changes)


def profile(name: str) -> Profile:
    """A profile by its name, with what was changed. Raises KeyError."""
    return _with_changes(name, _in_force())


def defaults(name: str) -> Profile:
    """A profile as it is written here. Raises KeyError."""
    return replace(Profile(), name=name, **_DEFAULTS[name])  # type: ignore[arg-type]  # by name


def default_of(country: str) -> str:
    """The profile that settings give a country."""
    given = dict(pair.split(":", 1) for pair in settings.COUNTRY_PROFILES)
    return str(given.get(country, settings.JURISDICTION))


def assignments() -> dict[str, str]:
    """Countries with a profile of their own: from settings, then what was changed."""
    given = {pair.split(":", 1)[0]: pair.split(":", 1)[1] for pair in settings.COUNTRY_PROFILES}
    for (scope, country), name in _in_force().items():
        if scope == COUNTRIES:
            given[country] = str(name or default_of(country))
    return dict(sorted(given.items()))


def is_open_to(country: str) -> bool:
    """Whether residents of a country may register, deposit and play."""
    return country not in profile_for(country).blocked_countries


def check_applicant(applicant: Applicant) -> None:
    """One of `settings.REGISTRATION_CHECKS`. Raises CountryBlocked, TooYoung."""
    profile = profile_for(applicant.country)
    if applicant.country in profile.blocked_countries:
        raise CountryBlocked(fields={"country": CountryBlocked.message})
    today, born = now().date(), applicant.birth_date
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if age < profile.age_min:
        raise TooYoung(fields={"birth_date": f"You must be at least {profile.age_min}."})


def label(name: str) -> str:
    return str(FIELDS[name].metadata["label"])


def choices(name: str) -> tuple[str, ...]:
    return tuple(FIELDS[name].metadata["choices"])


def kind(name: str) -> str:
    """How a value is written: `yes`, `whole`, `amount`, `text`, `texts` or `wholes`."""
    hint = _TYPES[name]
    if isinstance(hint, UnionType):
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    if typing.get_origin(hint) is tuple:
        return "wholes" if typing.get_args(hint)[0] is int else "texts"
    return {bool: "yes", int: "whole", Decimal: "amount", str: "text"}[hint]


def is_optional(name: str) -> bool:
    return isinstance(_TYPES[name], UnionType)


def parse(name: str, text: str) -> Value:
    """Read a value as a person wrote it. Raises InvalidInput, also for one out of bounds."""
    text = text.strip()
    try:
        return _READERS[kind(name)](name, text)
    except ValueError as error:
        raise _refused(_HINTS[kind(name)]) from error


def words(value: Value) -> str:
    """A value as people read it."""
    match value:
        case None | "" | ():
            return "none"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(str(one) for one in value)
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return str(value)


def to_json(value: Value) -> Json:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return list(value) if isinstance(value, tuple) else value


def from_json(name: str, value: Json) -> Value:
    if isinstance(value, list):
        return tuple(value)
    if kind(name) == "amount" and value is not None:
        return Decimal(value)
    return value  # type: ignore[no-any-return]  # as `to_json` wrote it


@transaction.atomic
def change_value(
    *, name: str, field_name: str, value: Value, proposed_by: User, approved_by: User, reason: str
) -> ProfileChange:
    """Put a value in force. Called by the act that two people agreed on (`profile_acts.py`)."""
    before = to_json(getattr(profile(name), field_name))
    return _write(name, field_name, before, to_json(value), proposed_by, approved_by, reason)


@transaction.atomic
def assign_country(
    *, country: str, name: str, proposed_by: User, approved_by: User, reason: str
) -> ProfileChange:
    """Let the residents of a country play under a profile."""
    before = profile_for(country).name
    return _write(COUNTRIES, country, before, name, proposed_by, approved_by, reason)


def history(scope: str = "", limit: int = 100) -> list[ProfileChange]:
    """Changes, the newest first."""
    found = ProfileChange.objects.select_related("proposed_by", "approved_by").order_by("-id")
    return list((found.filter(scope=scope) if scope else found)[:limit])


def _write(
    scope: str, name: str, before: Json, after: Json, proposer: User, approver: User, reason: str
) -> ProfileChange:
    change = ProfileChange.objects.create(
        scope=scope,
        name=name,
        before=before,
        after=after,
        proposed_by=proposer,
        approved_by=approver,
        reason=reason[:500],
        at=now(),
    )
    audit.record(
        "profile.changed",
        actor=approver,
        subject=change,
        before={"profile": scope, name: before},
        after={"profile": scope, name: after, "proposed_by": str(proposer)},
        reason=reason,
    )
    return change


def _in_force() -> dict[tuple[str, str], Json]:
    """The newest row of every value that was ever changed."""
    found = ProfileChange.objects.order_by("scope", "name", "-id").distinct("scope", "name")
    return {(one[0], one[1]): one[2] for one in found.values_list("scope", "name", "after")}


def _with_changes(name: str, changes: Mapping[tuple[str, str], Json]) -> Profile:
    changed: dict[str, Any] = {
        field_name: from_json(field_name, value)
        for (scope, field_name), value in changes.items()
        if scope == name and field_name in FIELDS
    }
    return replace(defaults(name), **changed)


def _read_yes(name: str, text: str) -> Value:
    return {"yes": True, "no": False}[text.lower()] if text.lower() in ("yes", "no") else _no()


def _read_whole(name: str, text: str) -> Value:
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else _no()
    return value if value <= WHOLE_MAX else _no()


def _read_amount(name: str, text: str) -> Value:
    if not text and is_optional(name):
        return None
    text = text.replace(",", ".")
    value = Decimal(text) if PLAIN.fullmatch(text) else _no()
    return value if value < AMOUNT_MAX else _no()


def _read_text(name: str, text: str) -> Value:
    allowed = choices(name)
    if len(text) > 60 or (allowed and text not in allowed):
        _no()
    return text


def _read_texts(name: str, text: str) -> Value:
    found = tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
    if name == "blocked_countries":
        found = tuple(one.upper() for one in found)
        known = {code for code, _ in countries()}
        if unknown := [one for one in found if one not in known]:
            raise _refused(f"There is no country {unknown[0][:10]}.")
    return found if all(len(one) <= 60 for one in found) and len(found) <= 300 else _no()


def _read_wholes(name: str, text: str) -> Value:
    found = sorted({int(str(_read_whole(name, one.strip()))) for one in text.split(",")})
    return tuple(found) if all(found) else _no()


_READERS = {
    "yes": _read_yes,
    "whole": _read_whole,
    "amount": _read_amount,
    "text": _read_text,
    "texts": _read_texts,
    "wholes": _read_wholes,
}
_HINTS = {
    "yes": "Write yes or no.",
    "whole": f"Write a whole number up to {WHOLE_MAX}.",
    "amount": "Write an amount with up to two decimals.",
    "text": "Choose one of the values.",
    "texts": "Write words with commas between them.",
    "wholes": "Write whole numbers above zero with commas between them.",
}


def _refused(text: str) -> InvalidInput:
    return InvalidInput(fields={"value": text})


def _no() -> typing.NoReturn:
    raise ValueError
