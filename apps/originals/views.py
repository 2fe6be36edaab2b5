"""Pages of our own games. They play through the API: what is here shows, and rotates seeds."""

import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from apps.accounts.models import Player
from apps.accounts.people import HIDDEN, player_of, player_required, public_name
from apps.core.errors import DomainError, InvalidInput
from apps.ledger.selectors import currency
from apps.originals import (
    autobet,
    crash,
    crash_feed,
    receipts,
    seeds,
    selectors,
    services,
    stakes,
)
from apps.originals.api.serializers import BetOutput, RunOutput
from apps.originals.errors import UnknownOriginal
from apps.originals.models import Bet
from apps.originals.pages import PAGES, pay_table, tables_for
from apps.wallet import selectors as wallets

STRIP = 12
BETS_SHOWN = 12
BETS_PAGE = 50
PAIRS_PAGE = 20
BULK = 500
ID_DIGITS_MAX = 18
TABS = [("tab-bets", "My bets"), ("tab-how", "How it works"), ("tab-fair", "Fairness")]


@require_GET
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "originals/index.html", {"tiles": selectors.originals()})


@require_GET
@never_cache
def game(request: HttpRequest, code: str) -> HttpResponse:
    if code not in PAGES:
        raise UnknownOriginal
    original = selectors.original(code)
    player = player_of(request.user)
    its = currency(player.active_currency if player else settings.BASE_CURRENCY)
    limits = stakes.limits_of(original, its.code)
    recent = list(selectors.bets(player, game=code)[:BETS_SHOWN]) if player else []
    going_on = selectors.open_bet(player, code) if player else None
    balance = None
    if player:
        found = [one for one in wallets.balances(player.pk) if one.currency == its]
        balance = found[0] if found else None
    config = {
        "game": code,
        "player": player is not None,
        "currency": its.code,
        "scale": its.scale,
        "least": limits[0].text if limits else "",
        "open": BetOutput(going_on).data if going_on else None,
        "recent": [BetOutput(one).data for one in recent[:STRIP] if one.state != Bet.State.OPEN],
        "tables": tables_for(code),
    }
    if player and (run := autobet.running(player, code)):
        config["run"] = RunOutput(run).data
    if code == crash.GAME:
        config["crash"] = crash_feed.state()["data"]
    context = {
        "original": original,
        "page": PAGES[code],
        "currency": its,
        "limits": limits,
        "config": json.dumps(config),
        "bets": recent,
        "pays": pay_table(code),
        "tabs": TABS,
        "balance_line": balance,
        "fields": f"originals/fields/{code}.html",
        "script": f"js/originals/{code}.js",
        "element": f"x-{code}",
        "pair": seeds.pairs_of(player) if player else None,
    }
    if code == crash.GAME:
        context |= {
            "chain": selectors.crash_chain(),
            "round_max": stakes.base_money(Decimal(settings.CRASH_GAME_WIN_MAX)),
        }
    return render(request, "originals/game.html", context)


@require_GET
@player_required
def bets(request: HttpRequest, player: Player, code: str) -> HttpResponse:
    """The player's bets on one game; `before` goes on from a row."""
    if code not in PAGES:
        raise UnknownOriginal
    is_part = bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]  # by middleware
    before = request.GET.get("before", "")
    found = selectors.bets(player, game=code)
    if before.isascii() and before.isdigit() and len(before) <= ID_DIGITS_MAX:
        found = found.filter(pk__lt=int(before))
    limit = BETS_SHOWN if is_part else BETS_PAGE
    rows = list(found[: limit + 1])
    context = {
        "bets": rows[:limit],
        "original": selectors.original(code),
        "next_before": rows[limit - 1].pk if len(rows) > limit else None,
    }
    return render(request, "originals/_bets.html" if is_part else "originals/bets.html", context)


@require_GET
@never_cache
def bet(request: HttpRequest, public_id: str) -> HttpResponse:
    """One bet, for whoever has its address."""
    found = selectors.bet(public_id)
    player = player_of(request.user)
    is_own = player is not None and player.pk == found.player_id
    context = {
        "bet": found,
        "player_name": _whose(found, is_own=is_own),
        "is_own": is_own,
        "proof": json.dumps(receipts.receipt(found), indent=1, ensure_ascii=False),
        "has_page": found.game_id in PAGES,
    }
    return render(request, "originals/bet.html", context)


@require_safe
@never_cache
def receipt(request: HttpRequest, public_id: str) -> JsonResponse:
    found = selectors.bet(public_id)
    answer = JsonResponse(receipts.receipt(found), json_dumps_params={"indent": 1})
    if "save" in request.GET:
        answer["Content-Disposition"] = f'attachment; filename="{found.public_id}.json"'
    return answer


@require_GET
@never_cache
def crash_round(request: HttpRequest, public_id: str) -> HttpResponse:
    """One round of crash, for anybody."""
    found = selectors.crash_round(public_id)
    proof = json.dumps(selectors.round_proof(found), indent=1) if found.link else ""
    context = {"round": found, "bets": found.bets.count(), "proof": proof}
    return render(request, "originals/round.html", context)


@require_GET
@never_cache
@player_required
def pair(request: HttpRequest, player: Player, public_id: str) -> JsonResponse:
    """All bets of a revealed pair, `BULK` at a time, to be checked at once."""
    start = request.GET.get("from", "0")
    if not (start.isascii() and start.isdigit() and len(start) <= ID_DIGITS_MAX):
        raise InvalidInput(fields={"from": "The number of a bet."})
    found = selectors.revealed_pair(player, public_id)
    rows = list(selectors.bets_of_pair(found, int(start))[: BULK + 1])
    return JsonResponse(
        {
            "pair": found.public_id,
            "server_seed": found.server_seed,
            "commitment": found.commitment,
            "client_seed": found.client_seed,
            "count": found.next_nonce,
            "bets": [selectors.proof(one) for one in rows[:BULK]],
            "next": rows[BULK].nonce if len(rows) > BULK else None,
        }
    )


@require_GET
@never_cache
def fairness(request: HttpRequest) -> HttpResponse:
    return _fairness(request, player_of(request.user))


@require_POST
@player_required
def rotate(request: HttpRequest, player: Player) -> HttpResponse:
    """Reveal the pair in use; an error comes back beside the field."""
    asked = request.POST.get("client_seed", "").strip()
    try:
        seeds.rotate(player, client_seed=asked)
    except DomainError as error:
        return _fairness(request, player, error=error, asked=asked)
    messages.success(request, "The old seed is revealed, and the next one is in use.")
    return redirect("originals:fairness")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The verifier as one file that needs no server."""
    answer = HttpResponse(_offline_file())
    answer["Content-Disposition"] = 'attachment; filename="verify-bet.html"'
    return answer


def _whose(bet: Bet, *, is_own: bool) -> str:
    """What its page says about the player: strangers read no whole name."""
    if is_own:
        return bet.player.display_name
    return HIDDEN if bet.is_hidden else public_name(bet.player)


def _fairness(
    request: HttpRequest,
    player: Player | None,
    *,
    error: DomainError | None = None,
    asked: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {"error": error, "asked": asked, "wanted": request.GET.get("bet", "")}
    if wanted := request.GET.get("round"):
        found = selectors.crash_round(wanted)
        context["wanted"] = json.dumps(selectors.round_proof(found), indent=1) if found.link else ""
    if player is not None:
        before = request.GET.get("before", "")
        pairs_found = selectors.revealed_pairs(player)
        if before.isascii() and before.isdigit() and len(before) <= ID_DIGITS_MAX:
            pairs_found = pairs_found.filter(pk__lt=int(before))
        pairs = list(pairs_found[: PAIRS_PAGE + 1])
        context |= {
            "pair": seeds.pairs_of(player),
            "revealed": pairs[:PAIRS_PAGE],
            "next_before": pairs[PAIRS_PAGE - 1].pk if len(pairs) > PAIRS_PAGE else None,
            "waiting": list(services.open_bets(player).select_related("game")),
        }
    return render(request, "originals/fairness.html", context, status=422 if error else 200)


def _script(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return Path(found).read_text(encoding="utf-8")


@cache
def _offline_file() -> str:
    """The same two scripts as the page, joined: a saved file has nothing to import from."""
    parts = [
        re.sub(r"^export (?=async|function|const|class)", "", _script(name), flags=re.MULTILINE)
        for name in ("js/fairness.js", "js/originals/verifier.js")
    ]
    joined = re.sub(r"^import .*\n", "", "\n".join(parts), flags=re.MULTILINE)
    return render_to_string("originals/offline.html", {"script": joined})
