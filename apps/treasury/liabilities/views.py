"""The public page of what is owed, its files, the verifier, and a player's own proof."""

import base64
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.accounts.models import Player
from apps.accounts.people import player_of, player_required
from apps.audit import signatures
from apps.treasury.liabilities import selectors
from apps.treasury.liabilities.errors import UnknownSnapshot

SHOWN = 60
VERIFIER = Path(__file__).resolve().parent / "verifier.html"
VERIFIER_TEXT = VERIFIER.read_text(encoding="utf-8")


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    snapshots = list(selectors.snapshots()[:SHOWN])
    newest = snapshots[0] if snapshots else None
    player = player_of(request.user)
    context = {
        "newest": newest,
        "currencies": selectors.published(newest) if newest else [],
        "snapshots": snapshots,
        "provable": selectors.provable(player) if player else [],
        "keys": [(key_id, key.hex()) for key_id, key in signatures.public_keys().items()],
    }
    return render(request, "liabilities/page.html", context)


@require_safe
def published(request: HttpRequest, number: int) -> JsonResponse:
    """One snapshot, never changed again."""
    answer = _json(selectors.as_json(selectors.snapshot(number)))
    answer["Cache-Control"] = "public, max-age=86400, immutable"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@never_cache
@require_safe
def newest(request: HttpRequest) -> HttpResponse:
    found = selectors.snapshots().first()
    if found is None:
        raise UnknownSnapshot
    return redirect("liabilities:published", found.number)


@never_cache
@require_safe
@player_required
def own_proof(request: HttpRequest, player: Player, number: int) -> HttpResponse:
    answer = _json(selectors.proof(player, number))
    answer["Content-Disposition"] = f'attachment; filename="proof-{number}-{player.public_id}.json"'
    return answer


def _allowed(tag: str) -> list[str]:
    """The one inline script or style of the verifier, by its hash."""
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", VERIFIER_TEXT, re.DOTALL)
    return [f"'sha256-{base64.b64encode(sha256(one.encode()).digest()).decode()}'" for one in found]


@require_safe
@csp_replace(
    {
        "default-src": ["'none'"],
        "script-src": _allowed("script"),
        "style-src": _allowed("style"),
        "connect-src": ["'none'"],
        "img-src": ["'none'"],
    }
)
def verifier(request: HttpRequest) -> HttpResponse:
    """One file that checks proofs in a browser, here or saved and without a network."""
    return HttpResponse(VERIFIER_TEXT)


def _json(content: dict[str, Any]) -> JsonResponse:
    return JsonResponse(content, json_dumps_params={"indent": 1})
