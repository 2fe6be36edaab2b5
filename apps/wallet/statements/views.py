"""Statements: a player's own, and the page where anybody checks one."""

from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.audit import signatures
from apps.core.errors import DomainError
from apps.wallet.selectors import WORDS
from apps.wallet.statements import rendering, selectors, services
from apps.wallet.statements.forms import DigestForm, FileForm, StatementForm
from apps.wallet.statements.models import Statement
from apps.wallet.statements.notes import rate
from apps.wallet.statements.sealing import WORDS as VERDICTS
from apps.wallet.statements.sealing import Verdict

SHOWN = 50
PIECE_BYTES = 65_536
FIELDS = {"from": "first", "to": "last"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def statements(request: HttpRequest, player: Player) -> HttpResponse:
    """Make one; and the ones that were made."""
    form = StatementForm(request.POST or None, since=player.created_at.date())
    if request.method == "POST" and form.is_valid():
        try:
            made = services.issue(
                player=player,
                period=form.chosen(),
                currency_code=form.currency_code,
                request=request,
            )
        except DomainError as refused:
            _show(form, refused)
        else:
            return redirect("statements:statement", made.number)
    context = {
        "tab": "statements",
        "form": form,
        "statements": selectors.statements(player)[:SHOWN],
    }
    status = 422 if form.errors else 200
    return render(request, "statements/list.html", context, status=status)


@never_cache
@require_safe
@player_required
def statement(request: HttpRequest, player: Player, number: str) -> HttpResponse:
    found = selectors.statement(player, number)
    read = services.read(found)
    context = {
        "tab": "statements",
        "pages": rendering.progress(found),
        "statement": found,
        "purses": [one for one in read.purses if not one.is_empty],
        "kinds": [(WORDS[one.kind], one) for one in read.kinds],
        "fees": [(WORDS[one.kind], one) for one in read.fees],
        "conversions": [(one, rate(one.sold, one.bought)) for one in read.conversions],
        "games": read.games,
    }
    return render(request, "statements/statement.html", context)


@never_cache
@require_safe
@player_required
def pages(request: HttpRequest, player: Player, number: str) -> HttpResponse:
    """How far the worker is with the pages; asked again by itself until they are there."""
    found = selectors.statement(player, number)
    context = {"statement": found, "pages": rendering.progress(found)}
    return render(request, "statements/statement.html#pages", context)


@never_cache
@require_safe
@player_required
def download_csv(request: HttpRequest, player: Player, number: str) -> HttpResponseBase:
    return csv_answer(selectors.statement(player, number))


@never_cache
@require_safe
@player_required
def download_pdf(request: HttpRequest, player: Player, number: str) -> HttpResponseBase:
    found = selectors.statement(player, number)
    return pdf_answer(found) or redirect("statements:statement", found.number)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Anybody: is this statement ours, and as we issued it?"""
    asked = request.POST.get("by") if request.method == "POST" else None
    by_file = FileForm(request.POST, request.FILES) if asked == "file" else FileForm()
    by_digest = DigestForm(
        request.POST if asked == "digest" else None,
        initial={name: request.GET.get(name, "")[:200] for name in ("number", "digest")},
    )
    context: dict[str, Any] = {"by_file": by_file, "by_digest": by_digest}
    try:
        if asked == "file" and by_file.is_valid():
            context |= _said(*_verified(by_file.cleaned_data["file"]))
        elif asked == "digest" and by_digest.is_valid():
            data = by_digest.cleaned_data
            context |= _said(*services.verify_digest(data["number"], data["digest"]))
    except DomainError as refused:
        by_file.add_error("file", refused.message)
    context["keys"] = [(key_id, key.hex()) for key_id, key in signatures.public_keys().items()]
    status = 422 if by_file.errors or by_digest.errors else 200
    return render(request, "statements/verify.html", context, status=status)


@require_safe
def keys(request: HttpRequest) -> JsonResponse:
    """The public halves of everything we sign for others to check."""
    return JsonResponse(
        {
            "algorithm": "Ed25519",
            "keys": {str(key_id): key.hex() for key_id, key in signatures.public_keys().items()},
        }
    )


def csv_answer(found: Statement) -> HttpResponseBase:
    """A file of any length, sent piece by piece from where it was put together."""
    file = services.csv_of(found)
    length = file.seek(0, 2)
    file.seek(0)
    return _attached(_pieces(file), length, "text/csv; charset=utf-8", f"{found.number}.csv")


def pdf_answer(found: Statement) -> HttpResponseBase | None:
    """None while the worker draws it."""
    body = rendering.pdf(found)
    if body is None:
        return None
    return _attached(iter([body]), len(body), "application/pdf", f"{found.number}.pdf")


def _attached(
    pieces: Iterator[bytes], length: int, content_type: str, name: str
) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        pieces,
        content_type=content_type,
        headers={
            "Content-Length": str(length),
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _verified(upload: UploadedFile) -> tuple[Verdict, Statement | None]:
    if upload.file is None:
        return Verdict.NOT_SIGNED, None
    return services.verify_file(cast("BinaryIO", upload.file), upload.size or 0)


def _said(verdict: Verdict, found: Statement | None) -> dict[str, Any]:
    """What the page tells; whose statement it is stays between its holder and us."""
    return {"verdict": verdict, "verdict_words": VERDICTS[verdict], "found": found}


def _show(form: StatementForm, refused: DomainError) -> None:
    fields = {FIELDS.get(name, name): text for name, text in refused.fields.items()}
    known = {name: text for name, text in fields.items() if name in form.fields}
    for name, text in known.items():
        form.add_error(name, text)
    if not known:
        form.add_error(None, refused.message)
