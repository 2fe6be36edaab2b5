"""Player protection: jurisdiction profiles, harm cases, and what a player set for themselves."""

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.countries import countries, country_name
from apps.accounts.models import Player
from apps.audit.models import Proposal
from apps.core.admin import ReasonForm, confirm
from apps.limits import harm, pages, profile_acts, profiles, reality, selectors, services
from apps.limits.models import HarmCase, ProfileChange, RealityCheck
from apps.limits.profiles import Profile
from apps.operator.limit_forms import (
    CloseCaseForm,
    CountryForm,
    InteractionForm,
    OperatorLimitForm,
    ValueForm,
)
from apps.operator.pages import frame, needs, page, person
from apps.site import selectors as site

CLOSED_SHOWN = 30
CHECKS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Cell:
    profile: str
    words: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    label: str
    help: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the history, its values in words."""

    row: ProfileChange
    what: str
    before: str
    after: str


@needs("limits.view_profilechange")
def show_profiles(request: HttpRequest) -> HttpResponse:
    """Every value of every profile, what waits for a second person, and what was changed."""
    return page(
        request,
        "operator/profiles.html",
        title="Jurisdiction profiles",
        names=profiles.NAMES,
        own=settings.JURISDICTION,
        groups=_groups(),
        assigned=[(country_name(code), name) for code, name in profiles.assignments().items()],
        proposals=Proposal.objects.filter(
            act__startswith="profile.", state__in=Proposal.OPEN
        ).select_related("maker"),
        changes=[_change(one) for one in profiles.history()],
        countries=countries(),
    )


@needs("limits.propose_profile")
def change_value(request: HttpRequest, name: str, field_name: str) -> HttpResponse:
    if name not in profiles.NAMES or field_name not in profiles.FIELDS:
        raise Http404
    user = person(request)
    now_words = profiles.words(getattr(profiles.profile(name), field_name))
    form = ValueForm(
        request.POST or None,
        field_name=field_name,
        initial={"value": "" if now_words == "none" else now_words},
    )

    def act(_form: forms.Form) -> None:
        profile_acts.propose_value(
            name=name,
            field_name=field_name,
            text=form.cleaned_data["value"],
            by=user,
            reason=form.cleaned_data["reason"],
        )

    return confirm(
        request,
        context=frame(request, facts=[("In force", now_words)]),
        back=reverse("admin:operator_profiles"),
        subject=f"{name}: {profiles.label(field_name).lower()}",
        title="Change a profile",
        text="It binds every player under this profile from the moment another person approves.",
        button="Propose",
        form=form,
        act=act,
        done="Proposed. Another person approves it.",
    )


@needs("limits.propose_profile")
def assign_country(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = CountryForm(request.POST or None)

    def act(_form: forms.Form) -> None:
        profile_acts.propose_country(
            country=form.cleaned_data["country"],
            name=form.cleaned_data["profile"],
            by=user,
            reason=form.cleaned_data["reason"],
        )

    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_profiles"),
        subject="A country and its profile",
        title="Give a country a profile",
        text="Its residents play under these values from the moment another person approves.",
        button="Propose",
        form=form,
        act=act,
        done="Proposed. Another person approves it.",
    )


@needs("limits.view_profilechange")
def preview(request: HttpRequest) -> HttpResponse:
    """What a player from a country would see."""
    code = request.GET.get("country", "")
    if code not in dict(countries()):
        raise Http404
    profile = profiles.profile_for(code)
    is_open = profiles.is_open_to(code)
    return page(
        request,
        "operator/profile_preview.html",
        title=f"A player from {country_name(code)}",
        country=country_name(code),
        code=code,
        countries=countries(),
        profile=profile,
        is_open=is_open,
        sections=_preview(profile, code, is_open=is_open),
    )


@needs("limits.view_harmcase")
def harm_queue(request: HttpRequest) -> HttpResponse:
    closed = HarmCase.objects.exclude(closed_at=None).select_related("player", "closed_by")
    return page(
        request,
        "operator/harm.html",
        title="Player protection",
        waiting=harm.waiting_cases(),
        closed=closed.order_by("-closed_at")[:CLOSED_SHOWN],
    )


@needs("limits.view_harmcase")
def harm_case(request: HttpRequest, public_id: str) -> HttpResponse:
    case = _case(public_id)
    return page(
        request,
        "operator/harm_case.html",
        title=f"{case.player.display_name}: harm case",
        case=case,
        days=harm.history(case.player_id),
        said=case.interactions.select_related("by").order_by("-id"),
        limits=pages.lines(case.player),
        breaks=selectors.breaks_of(case.player_id),
        profile=profiles.profile_of(case.player),
    )


@needs("limits.log_interaction")
def log_interaction(request: HttpRequest, public_id: str) -> HttpResponse:
    case, user = _case(public_id), person(request)
    form = InteractionForm(request.POST or None)
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_harm_case", args=[public_id]),
        subject=case.player.display_name,
        title="Write down a contact",
        text="Talk about what you saw, ask, and offer limits and a break. Sell nothing.",
        button="Keep it",
        form=form,
        act=lambda _form: harm.log_interaction(
            public_id=public_id,
            channel=form.cleaned_data["channel"],
            text=form.cleaned_data["text"],
            by=user,
        ),
        done="Kept with the case.",
    )


@needs("limits.log_interaction")
def open_case(request: HttpRequest, player_id: int) -> HttpResponse:
    player, user = _player(player_id), person(request)
    form = ReasonForm(request.POST or None)
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_player_limits", args=[player_id]),
        subject=player.display_name,
        title="Open a harm case",
        text="For what you heard or saw yourself. Say it as it was.",
        button="Open it",
        form=form,
        act=lambda _form: harm.open_by_hand(
            player_id=player.pk, words=form.cleaned_data["reason"], by=user
        ),
        done="The case is open.",
    )


@needs("limits.close_harmcase")
def close_case(request: HttpRequest, public_id: str) -> HttpResponse:
    case, user = _case(public_id), person(request)
    form = CloseCaseForm(request.POST or None)
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_harm_case", args=[public_id]),
        subject=case.player.display_name,
        title="Close the case",
        text="Offers may reach the player again unless a break or another case stops them.",
        button="Close it",
        form=form,
        act=lambda _form: harm.close_case(
            public_id=public_id,
            outcome=form.cleaned_data["outcome"],
            conclusion=form.cleaned_data["conclusion"],
            by=user,
        ),
        done="The case is closed.",
    )


@needs("limits.view_limit")
def player_limits(request: HttpRequest, player_id: int) -> HttpResponse:
    player = _player(player_id)
    checks = RealityCheck.objects.filter(player=player).select_related("session")
    return page(
        request,
        "operator/player_limits.html",
        title=f"{player.display_name}: limits and breaks",
        shown=player,
        profile=profiles.profile_of(player),
        limits=pages.lines(player),
        history=pages.history(player),
        minutes=reality.interval_minutes(player),
        choices=reality.choices_of(player.pk),
        checks=checks.order_by("-id")[:CHECKS_SHOWN],
        case=harm.open_case(player.pk),
        newest=harm.newest(player.pk),
    )


@needs("limits.set_operator_limit")
def set_limit(request: HttpRequest, player_id: int) -> HttpResponse:
    player, user = _player(player_id), person(request)
    form = OperatorLimitForm(request.POST or None)
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_player_limits", args=[player_id]),
        subject=player.display_name,
        title="Set a limit of ours",
        text="It stands beside the player's own; the lower one counts. Neither changes the other.",
        button="Set it",
        form=form,
        act=lambda _form: services.set_operator_limit(
            player_id=player.pk,
            kind=form.cleaned_data["kind"],
            window=form.cleaned_data["window"],
            value=form.cleaned_data["value"],
            by=user,
            reason=form.cleaned_data["reason"],
        ),
        done="Our limit is changed.",
    )


def _groups() -> list[tuple[str, list[Row]]]:
    found = {name: profiles.profile(name) for name in profiles.NAMES}
    original = {name: profiles.defaults(name) for name in profiles.NAMES}
    rows: dict[str, list[Row]] = {group: [] for group in profiles.GROUPS}
    for name, field in profiles.FIELDS.items():
        cells = [
            Cell(
                profile=one,
                words=profiles.words(getattr(found[one], name)),
                is_changed=getattr(found[one], name) != getattr(original[one], name),
            )
            for one in profiles.NAMES
        ]
        meta = field.metadata
        rows[meta["group"]].append(Row(name, meta["label"], meta["help"], cells))
    return list(rows.items())


def _change(row: ProfileChange) -> Change:
    if row.scope == profiles.COUNTRIES:
        return Change(row, country_name(row.name), str(row.before), str(row.after))
    if row.name not in profiles.FIELDS:
        return Change(row, row.name, str(row.before), str(row.after))
    before, after = (
        profiles.words(profiles.from_json(row.name, value)) for value in (row.before, row.after)
    )
    return Change(row, profiles.label(row.name), before, after)


def _preview(
    profile: Profile, country: str, *, is_open: bool
) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the country's residents meet, in the order in which they meet it."""
    said = profiles.words
    if not is_open:
        return [("Getting in", [("Registration", "refused: the country is blocked")])]
    first = "before the first deposit or bet" if profile.kyc_before_deposit else "later"
    if not profile.kyc_before_deposit:
        first = f"from {said(profile.kyc_value)} {settings.BASE_CURRENCY}"
        first += " or the first withdrawal" if profile.kyc_before_withdrawal else ""
    wait = f"{profile.increase_wait_hours} hours"
    if profile.increase_wait_working_days:
        wait = f"{profile.increase_wait_working_days} working days"
    bonus = f"{profile.bonuses}, wagering up to {profile.bonus_wagering_times_max} times"
    tips = f"up to {said(profile.tips_day_max)} {settings.BASE_CURRENCY} a day"
    caps = (profile.deposit_day_max, profile.deposit_week_max, profile.deposit_month_max)
    slot, other = profile.slot_round_ms_min, profile.other_round_ms_min
    rounds = f"{slot} ms at a slot, {other} ms elsewhere" if slot or other else "as the studio says"
    return [
        (
            "Getting in",
            [
                ("Registration", f"open, from {profile.age_min} years on"),
                ("Fields asked", "e-mail, password, name shown, birth date, country, terms"),
                ("National register", profile.register or "none"),
                ("Asked for a limit first", said(profile.asks_limit_first)),
            ],
        ),
        (
            "Identity",
            [
                ("Verified", first),
                ("Documents", said(profile.documents)),
                ("Source of funds", f"from {said(profile.funds_value)} {settings.BASE_CURRENCY}"),
            ],
        ),
        (
            "Limits",
            [
                ("A looser limit waits", f"{wait}, then a confirmation"),
                ("Deposits up to: day, week, month", ", ".join(said(one) for one in caps)),
                ("Self-exclusion", f"from {profile.exclusion_months_min} months"),
            ],
        ),
        (
            "Play",
            [
                ("Games", f"{site.counts(country).games:,}"),
                ("Autoplay", said(profile.autoplay)),
                ("Shortest round", rounds),
                ("Stake at a slot up to", said(profile.slot_stake_max)),
                ("Reality check every", f"{profile.reality_minutes} minutes"),
                ("Pause after it", f"{profile.reality_pause_minutes} minutes"),
                ("Plan before a session", said(profile.session_plan)),
            ],
        ),
        (
            "Offers",
            [
                ("Bonuses", bonus),
                ("VIP", f"from {profile.vip_age_min} years" if profile.vip else "none"),
                ("Tips", tips if profile.tips else "none"),
            ],
        ),
    ]


def _case(public_id: str) -> HarmCase:
    found = HarmCase.objects.select_related("player", "taken_by", "closed_by")
    case = found.filter(public_id=public_id).first()
    if case is None:
        raise Http404
    return case


def _player(player_id: int) -> Player:
    found = Player.objects.filter(pk=player_id).first()
    if found is None:
        raise Http404
    return found
