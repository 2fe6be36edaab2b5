"""Safer play: everything a player can do to keep play within bounds."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.countries import country_name
from apps.accounts.models import Player
from apps.accounts.people import player_of, player_required
from apps.core.errors import DomainError
from apps.limits import (
    exclusion,
    help_lines,
    pages,
    profiles,
    reality,
    review,
    selectors,
    services,
    sessions_time,
)
from apps.limits.forms import (
    ExclusionForm,
    FirstLimitForm,
    IntervalForm,
    LimitForm,
    PlanForm,
    ReviewForm,
    SelfTestForm,
    TimeOutForm,
)
from apps.limits.models import Exclusion, LimitKind, Window

GET_OR_POST = ["GET", "HEAD", "POST"]


@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """For everybody: what helps. For players also: how much it was, and every way to stop."""
    player = player_of(request.user)
    country = player.country if player else ""
    context: dict[str, Any] = {
        "lines": help_lines.for_country(country),
        "country": country_name(country) if country else "",
    }
    if player is not None:
        context |= {
            "today": pages.periods(player)[0],
            "limits": pages.lines(player),
            "minutes": reality.interval_minutes(player),
            "break": selectors.exclusion_of(player.pk),
        }
    return render(request, "limits/home.html", context)


@require_http_methods(GET_OR_POST)
@never_cache
@player_required
def limits(request: HttpRequest, player: Player) -> HttpResponse:
    """Limits in force, what waits to become looser, and the form for one more."""
    asked = {
        "kind": request.GET.get("kind", LimitKind.DEPOSIT),
        "window": request.GET.get("window", Window.WEEK),
    }
    form = LimitForm(_posted(request), initial=asked)
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            change = services.set_limit(
                player_id=player.pk,
                kind=form.cleaned_data["kind"],
                window=form.cleaned_data["window"],
                value=form.cleaned_data["value"],
                actor=player,
            )
            if change.request is None:
                return "The limit holds from now on."
            ready = f"{change.request.ready_at:%d %B, %H:%M} UTC"
            return f"A higher limit has to wait. Confirm it here from {ready} on."

        if _done(request, form, act):
            return redirect("limits:limits")
    context = {"form": form, "lines": pages.lines(player), "base": settings.BASE_CURRENCY}
    return render(request, "limits/limits.html", context, status=_status(form))


@require_POST
@player_required
def change_request(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    """Confirm or cancel a looser limit that was asked for."""
    try:
        if request.POST.get("act") == "confirm":
            services.confirm_request(player_id=player.pk, public_id=public_id, actor=player)
            messages.success(request, "Confirmed.")
        else:
            services.cancel_request(player_id=player.pk, public_id=public_id, actor=player)
            messages.success(request, "The limit stays as it is.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("limits:limits")


@require_POST
@player_required
def remove(request: HttpRequest, player: Player) -> HttpResponse:
    """Ask for no limit at all."""
    try:
        change = services.remove_limit(
            player_id=player.pk,
            kind=request.POST.get("kind", ""),
            window=request.POST.get("window", ""),
            actor=player,
        )
        ready = f"{change.request.ready_at:%d %B, %H:%M} UTC" if change.request else ""
        messages.info(request, f"Until then the limit holds. Confirm it from {ready} on.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("limits:limits")


@require_GET
@never_cache
@player_required
def history(request: HttpRequest, player: Player) -> HttpResponse:
    """Every limit, request and break: who, when, from when to when."""
    return render(request, "limits/history.html", {"lines": pages.history(player)})


@require_http_methods(GET_OR_POST)
@never_cache
@player_required
def take_break(request: HttpRequest, player: Player) -> HttpResponse:
    """Time-out and self-exclusion on one page, and the way back after an exclusion."""
    act = request.POST.get("act", "")
    time_out = TimeOutForm(request.POST if act == "time_out" else None)
    # Both forms are on one page and have a field of that name: their ids must differ.
    exclude = ExclusionForm(
        request.POST if act in ("exclude", "exclude_sure") else None, auto_id="id_exclude_%s"
    )
    status = 200
    if act == "time_out":
        if time_out.is_valid() and _done(
            request,
            time_out,
            lambda: _begun(
                exclusion.time_out(
                    player_id=player.pk, length=time_out.cleaned_data["length"], actor=player
                )
            ),
        ):
            return redirect("limits:break")
        status = 422
    elif act == "exclude_sure" and exclude.is_valid():
        if _done(
            request,
            exclude,
            lambda: _begun(
                exclusion.self_exclude(
                    player_id=player.pk,
                    length=exclude.cleaned_data["length"],
                    reason=exclude.cleaned_data["reason"],
                    actor=player,
                )
            ),
        ):
            return redirect("limits:break")
        status = 422
    elif act == "exclude":
        # The second step repeats in plain words what will happen, and asks once more.
        if exclude.is_valid():
            length = exclude.cleaned_data["length"]
            words = dict(exclude.fields["length"].choices)[length]  # type: ignore[attr-defined]  # a choice field
            context = {"form": exclude, "words": words, "length": length}
            return render(request, "limits/exclude.html", context)
        status = 422
    context = {
        "time_out": time_out,
        "exclude": exclude,
        "breaks": selectors.breaks_of(player.pk),
        "own": _self_exclusion(player),
        "lines": help_lines.for_country(player.country)[:3],
    }
    return render(request, "limits/break.html", context, status=status)


@require_POST
@player_required
def panic(request: HttpRequest, player: Player) -> HttpResponse:
    """One tap and play stops for a day. Works without JavaScript."""
    begun = exclusion.panic(player_id=player.pk, actor=player)
    messages.success(request, _begun(begun))
    return redirect("limits:break")


@require_POST
@player_required
def come_back(request: HttpRequest, player: Player) -> HttpResponse:
    """After the time of a self-exclusion: ask, wait, confirm; or think better of it."""
    try:
        match request.POST.get("act"):
            case "ask":
                asked = exclusion.ask_return(player_id=player.pk, actor=player)
                messages.info(
                    request, f"Come back and confirm from {asked.return_ready_at:%d %B, %H:%M} UTC."
                )
            case "confirm":
                exclusion.confirm_return(player_id=player.pk, actor=player)
                messages.success(request, "You may play again. Set a limit first.")
                return redirect("limits:limits")
            case _:
                exclusion.withdraw_return(player_id=player.pk, actor=player)
                messages.success(request, "You stay excluded.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("limits:break")


@require_GET
@never_cache
@player_required
def spending(request: HttpRequest, player: Player) -> HttpResponse:
    """What came in, went out and was played, from the ledger."""
    context = {"periods": pages.periods(player), "days": pages.days(player)}
    return render(request, "limits/spending.html", context)


@require_http_methods(GET_OR_POST)
def self_test(request: HttpRequest) -> HttpResponse:
    """Nine questions; the answers are not kept."""
    form = SelfTestForm(_posted(request))
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        points = form.points()
        player = player_of(request.user)
        context |= {
            "points": points,
            "level": review.level_of(points),
            "lines": help_lines.for_country(player.country if player else "")[:3],
        }
    return render(request, "limits/self_test.html", context, status=_status(form))


@require_http_methods(GET_OR_POST)
@never_cache
@player_required
def interval(request: HttpRequest, player: Player) -> HttpResponse:
    """How often play is interrupted by a reality check."""
    form = IntervalForm(
        _posted(request),
        allowed=profiles.profile_of(player).reality_minutes_choices,
        initial={"minutes": reality.interval_minutes(player)},
    )
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            minutes = form.cleaned_data["minutes"]
            reality.choose_interval(player=player, minutes=minutes)
            return f"Play is interrupted every {minutes} minutes."

        if _done(request, form, act):
            return redirect("limits:interval")
    context = {"form": form, "profile": profiles.profile_of(player)}
    return render(request, "limits/interval.html", context, status=_status(form))


@require_http_methods(GET_OR_POST)
@never_cache
@player_required
def check(request: HttpRequest, player: Player) -> HttpResponse:
    """The reality check itself: over the game for scripts, a page for everybody else."""
    if request.method == "POST":
        return _answered(request, player)
    told = reality.interrupt_if_due(player)
    context = {
        "told": told,
        "staked": pages.base(told.staked) if told else None,
        "won": pages.base(told.won) if told else None,
        "net": pages.base(told.net) if told else None,
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]  # by middleware
        return render(request, "limits/check.html#told", context | {"over": True})
    return render(request, "limits/check.html", context)


def _answered(request: HttpRequest, player: Player) -> HttpResponse:
    answer = request.POST.get("answer", "")
    try:
        reality.answer(player=player, public_id=request.POST.get("check", ""), answer=answer)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("limits:check")
    if answer == reality.Answer.STOP:
        messages.success(request, "Good. Your games are closed.")
        return redirect("limits:spending")
    if reality.waiting(player.pk) is not None:
        return redirect("limits:check")
    return redirect(_way_back(request))


@require_http_methods(GET_OR_POST)
@never_cache
@player_required
def first_limit(request: HttpRequest, player: Player) -> HttpResponse:
    """The question at the start: a deposit limit, or a clear no."""
    if request.POST.get("act") == "decline":
        review.decline_first_limit(player=player)
        return redirect("payments:deposit")
    form = FirstLimitForm(_posted(request), initial={"window": Window.WEEK})
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            review.set_first_limit(
                player=player, window=form.cleaned_data["window"], value=form.cleaned_data["value"]
            )
            return "The limit holds from now on."

        if _done(request, form, act):
            return redirect("payments:deposit")
    context = {"form": form, "base": settings.BASE_CURRENCY}
    return render(request, "limits/first.html", context, status=_status(form))


@require_http_methods(GET_OR_POST)
@never_cache
@player_required
def look_back(request: HttpRequest, player: Player) -> HttpResponse:
    """Twice a year, or more often: what was it, and are the limits still right?"""
    months = reality.choices_of(player.pk).review_months
    most = profiles.profile_of(player).review_months
    form = ReviewForm(_posted(request), initial={"months": months or most})
    if request.method == "POST" and form.is_valid():
        review.mark_reviewed(player=player, months=form.cleaned_data["months"])
        messages.success(request, "Thank you. We ask again when the time has come.")
        return redirect("limits:home")
    context = {"form": form, "periods": pages.periods(player), "limits": pages.lines(player)}
    return render(request, "limits/review.html", context, status=_status(form))


@require_http_methods(GET_OR_POST)
@never_cache
@player_required
def plan(request: HttpRequest, player: Player) -> HttpResponse:
    """Where the law wants it: how long and for how much, before play begins."""
    form = PlanForm(_posted(request))
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            sessions_time.choose_plan(
                player=player,
                minutes=form.cleaned_data["minutes"],
                spend=form.cleaned_data["spend"],
            )
            return "Play can begin. It ends at the first of the two."

        if _done(request, form, act):
            return redirect("limits:plan")
    running = sessions_time.plan_of(player.pk)
    context = {
        "form": form,
        "base": settings.BASE_CURRENCY,
        "plan": running,
        "spend": pages.base(running.spend) if running else None,
        "is_wanted": profiles.profile_of(player).session_plan,
    }
    return render(request, "limits/plan.html", context, status=_status(form))


def _posted(request: HttpRequest) -> Any:
    """What was sent, if anything was: an empty form is one too."""
    return request.POST if request.method == "POST" else None


def _done(request: HttpRequest, form: Form, act: Any) -> bool:
    """Do it and say what it did; what a rule says no to stands at its field."""
    try:
        messages.success(request, act())
    except DomainError as error:
        for name, text in error.fields.items():
            form.add_error(name if name in form.fields else None, text)
        if not error.fields:
            form.add_error(None, error.message)
        return False
    return True


def _status(form: Form) -> int:
    return 422 if form.is_bound and form.errors else 200


def _begun(begun: Exclusion) -> str:
    if begun.until is None:
        return "Play is stopped for good. Your money can still be withdrawn."
    until = f"{begun.until:%d %B %Y, %H:%M} UTC"
    return f"Play is stopped until {until}. Your money can still be withdrawn."


def _self_exclusion(player: Player) -> Exclusion | None:
    kind = Exclusion.Kind.SELF_EXCLUSION
    return next((one for one in selectors.breaks_of(player.pk) if one.kind == kind), None)


def _way_back(request: HttpRequest) -> str:
    """The page of ours under the check; the address comes from the form, so only a path is taken."""
    wanted = request.POST.get("next", "")
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_path and "\n" not in wanted else "/"
