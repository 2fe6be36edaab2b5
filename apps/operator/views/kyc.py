"""The verification desk: cases with their papers, hits of watch lists, accounts that look alike."""

from dataclasses import dataclass

from django import forms
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.countries import country_name
from apps.accounts.models import Player, User
from apps.audit.models import Record
from apps.core.admin import ReasonForm, confirm
from apps.core.errors import DomainError, NotFound
from apps.core.secrets import SealBroken
from apps.kyc import persons, selectors
from apps.kyc.levels import STEPS, StepKind
from apps.kyc.models import Case, Document, Hit, PersonMatch, PersonRecord, Step
from apps.kyc.services import cases, reviews, screening
from apps.operator.kyc_forms import AskForm, HitForm, MatchForm, ReviewForm
from apps.operator.pages import frame, needs, page, person
from apps.wallet import restrictions

# A look is one reviewer's, at one document, for as long as a comparison takes.
LOOK_SECONDS = 600
SALT = "kyc.look"
HISTORY_MAX = 20
LEVELS_SHOWN = ((0, "All"), (1, "Details"), (2, "Identity"), (3, "Source of funds"))


@dataclass(frozen=True)
class Paper:
    """A document on the page of a case. url: for this reviewer and this look alone."""

    document: Document
    title: str
    url: str


@needs("kyc.view_case")
def queue(request: HttpRequest) -> HttpResponse:
    level = request.GET.get("level", "")
    number = int(level) if level in {"1", "2", "3"} else 0
    return page(
        request,
        "operator/kyc_queue.html",
        title="Verification",
        rows=selectors.queue(level=number),
        level=number,
        filters=LEVELS_SHOWN,
        with_provider=Case.objects.filter(state=Case.State.IN_REVIEW)
        .exclude(pk__in=selectors.waiting_cases().values("pk"))
        .count(),
        hits_count=selectors.open_hits().count(),
        matches_count=selectors.open_matches().count(),
    )


@needs("kyc.view_case")
def case(request: HttpRequest, public_id: str) -> HttpResponse:
    """A case. With a reason (POST), the declared data and the papers side by side."""
    found = _case(public_id)
    form = ReasonForm(request.POST or None)
    told: persons.Details | None = None
    read: list[dict[str, str]] = []
    papers: list[Paper] = []
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            user, reason = person(request), form.cleaned_data["reason"]
            try:
                if PersonRecord.objects.filter(pk=found.player_id, erased_at=None).exists():
                    told, read = persons.reveal(found.player_id, by=user, reason=reason)
                papers = [_paper(one, user, reason) for one in _documents(found)]
                status = 200
            except SealBroken:
                form.add_error(None, "What is sealed does not open. Tell the administrators.")
            except DomainError as error:
                form.add_error(None, error.message)
    return page(
        request,
        "operator/kyc_case.html",
        status=status,
        title=f"Verification {found.public_id}",
        case=found,
        steps=_steps(found),
        form=form,
        told=told,
        told_country=country_name(told.country) if told else "",
        read=read,
        papers=papers,
        is_shown=status == 200 and request.method == "POST",
        count=found.documents.filter(is_replaced=False, erased_at=None).count(),
        reviews=found.reviews.select_related("by").order_by("pk"),
        others=Case.objects.filter(player_id=found.player_id).exclude(pk=found.pk).order_by("level"),
        standing=restrictions.standing(found.player_id),
        records=_records(found, request),
        matches=PersonMatch.objects.filter(
            player_id=found.player_id, state=PersonMatch.State.OPEN
        ),
    )  # fmt: skip


@needs("kyc.reveal_document")
def document(request: HttpRequest, token: str) -> HttpResponse:
    """One paper, as a download that no page of ours runs in. Each look is recorded with its reason."""
    user = person(request)
    try:
        look = signing.loads(token, salt=SALT, max_age=LOOK_SECONDS)
    except signing.BadSignature as error:
        raise Http404 from error
    if look["by"] != user.pk:
        raise Http404
    try:
        found, content = reviews.open_document(look["document"], by=user, reason=look["reason"])
    except SealBroken as error:
        raise NotFound("What is sealed does not open. Tell the administrators.") from error
    response = HttpResponse(content, content_type=found.content_type)
    ending = "jpg" if found.is_image else "pdf"
    response["Content-Disposition"] = f'attachment; filename="{found.public_id}.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    # Opened by itself it runs nothing and is nobody's; the page's own policy does not replace this.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@needs("kyc.review_case")
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    found = _case(public_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        data = form.cleaned_data
        reviews.review(
            found.public_id,
            by=user,
            verdict=data["verdict"],
            reason=data["reason"],
            labels=data["labels"],
            again=data["again"],
            valid_until=data.get("valid_until"),
        )

    people = found.terms.people
    return confirm(
        request,
        context=frame(
            request,
            facts=[
                ("Player", found.player.display_name),
                ("Level", f"{found.level}: {found.terms.title}"),
                ("Waits", found.get_state_display()),
                ("The player says", found.contest or "–"),
            ],
        ),
        back=reverse("admin:operator_kyc_case", args=[found.public_id]),
        subject=found.public_id,
        title="Decide on a verification",
        text=(
            "The player's level and what it stops follow at once."
            if people == 1
            else "Two reviewers have to agree before it is approved."
        ),
        button="Decide",
        form=ReviewForm(request.POST or None, case=found),
        act=act,
        done=f"Verification {found.public_id}: your word is kept.",
    )


@needs("kyc.view_hit")
def hits(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "operator/kyc_hits.html",
        title="Watch-list hits",
        hits=list(selectors.open_hits()[: selectors.QUEUE_MAX]),
        decided=list(
            Hit.objects.exclude(state=Hit.State.OPEN)
            .select_related("player", "decided_by")
            .order_by("-decided_at")[:HISTORY_MAX]
        ),
    )


@needs("kyc.decide_hit")
def decide_hit(request: HttpRequest, public_id: str) -> HttpResponse:
    hit = Hit.objects.select_related("player").filter(public_id=public_id).first()
    if hit is None:
        raise Http404
    user = person(request)

    def act(form: forms.Form) -> None:
        verdict = form.cleaned_data["verdict"]
        screening.decide(
            hit.public_id,
            state=Hit.State.TRUE if verdict == "accepted" else verdict,
            is_accepted=verdict == "accepted",
            by=user,
            reason=form.cleaned_data["reason"],
        )

    return confirm(
        request,
        context=frame(
            request,
            facts=[
                ("Player", hit.player.display_name),
                ("Born", str(hit.player.birth_date)),
                ("Country", hit.player.country),
                ("On the list", hit.name),
                ("What is alike", hit.match_text),
                ("Birth years", ", ".join(map(str, hit.birth_years)) or "–"),
                ("About", ", ".join(hit.grounds)),
                ("Lists", ", ".join(hit.lists) or hit.source),
            ],
        ),
        back=reverse("admin:operator_kyc_hits"),
        subject=hit.public_id,
        title="Decide on a hit",
        text="Compare name, birth date and country. Never tell the player of it.",
        button="Decide",
        form=HitForm(request.POST or None),
        act=act,
        done=f"Hit {hit.public_id} is decided.",
    )


@needs("kyc.view_personmatch")
def matches(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "operator/kyc_matches.html",
        title="Accounts that look alike",
        matches=list(selectors.open_matches()[: selectors.QUEUE_MAX]),
    )


@needs("kyc.decide_match")
def decide_match(request: HttpRequest, match_id: int) -> HttpResponse:
    match = PersonMatch.objects.select_related("player", "other").filter(pk=match_id).first()
    if match is None:
        raise Http404
    user = person(request)

    def act(form: forms.Form) -> None:
        persons.decide(
            match.pk,
            is_same=form.cleaned_data["verdict"] == "same",
            by=user,
            reason=form.cleaned_data["reason"],
        )

    return confirm(
        request,
        context=frame(
            request,
            facts=[
                (
                    "Newer account",
                    f"{match.player.display_name}, {match.player.created_at:%-d %b %Y}",
                ),
                (
                    "Older account",
                    f"{match.other.display_name}, {match.other.created_at:%-d %b %Y}",
                ),
                ("Equal", ", ".join(match.by)),
                ("Excluded", "yes, one of them may not play" if match.is_excluded else "no"),
            ],
        ),
        back=reverse("admin:operator_kyc_matches"),
        subject=f"{match.player.display_name} and {match.other.display_name}",
        title="One person or two?",
        text="One person keeps the older account; the newer one stays stopped.",
        button="Decide",
        form=MatchForm(request.POST or None),
        act=act,
        done="It is decided.",
    )


@needs("kyc.review_case")
def ask(request: HttpRequest, player_id: int) -> HttpResponse:
    """Ask a player for a level: their page says so at once."""
    player = Player.objects.filter(pk=player_id).first()
    if player is None:
        raise Http404
    user = person(request)

    def act(form: forms.Form) -> None:
        cases.ask(
            player=player,
            level=form.cleaned_data["level"],
            by=user,
            reason=form.cleaned_data["reason"],
        )

    return confirm(
        request,
        context=frame(request, facts=[("Level now", str(player.kyc_level))]),
        back=reverse("admin:operator_player", args=[player.pk]),
        subject=player.display_name,
        title="Ask for verification",
        text="The player reads that it is needed, not why.",
        button="Ask",
        form=AskForm(request.POST or None),
        act=act,
        done="It is asked for.",
    )


def _paper(one: Document, user: User, reason: str) -> Paper:
    token = signing.dumps(
        {"document": one.public_id, "by": user.pk, "reason": reason}, salt=SALT, compress=True
    )
    return Paper(
        one, STEPS[StepKind(one.kind)].title, reverse("admin:operator_kyc_document", args=[token])
    )


def _documents(found: Case) -> list[Document]:
    return list(found.documents.filter(erased_at=None).order_by("is_replaced", "pk"))


def _steps(found: Case) -> list[tuple[str, Step]]:
    return [(STEPS[StepKind(one.kind)].title, one) for one in found.steps.order_by("pk")]


def _records(found: Case, request: HttpRequest) -> list[Record]:
    if not request.user.has_perm("operator.view_timeline"):
        return []
    return list(
        Record.objects.filter(
            subject_kind=Case._meta.label_lower, subject_id=str(found.pk)
        ).order_by("-id")[:HISTORY_MAX]
    )


def _case(public_id: str) -> Case:
    found = Case.objects.select_related("player__user").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
