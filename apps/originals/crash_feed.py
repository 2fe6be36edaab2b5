"""What everybody sees of crash: the state for a newcomer, and frames for those who watch.

Instants go out as milliseconds of the database's clock, with its `now` beside them; the page draws the
curve from the start of the round and needs no frame for it. A frame's number is that clock too, so it
grows across restarts of the runner, and the state that a newcomer reads is newer than all before it.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from apps.accounts.people import HIDDEN, public_name
from apps.events import live
from apps.originals import crash
from apps.originals.models import Bet, CrashRound

STREAM = "crash"
HISTORY = 20
PLAYERS_MAX = 200
ENDED = (CrashRound.State.OVER, CrashRound.State.BUST)


def state() -> dict[str, Any]:
    """The whole of it, as a frame."""
    at = crash.clock()
    found = CrashRound.objects.select_related("chain").order_by("-id").first()
    data = {
        "kind": "state",
        "now": ms_of(at),
        "round": shown_round(found) if found else None,
        "bets": [shown_bet(bet) for bet in bets_of(found)] if found else [],
        "history": history(),
    }
    return {"stream": STREAM, "seq": ms_of(at), "data": data}


def history() -> list[dict[str, Any]]:
    """The latest rounds that have ended, newest first."""
    found = CrashRound.objects.filter(state__in=ENDED).order_by("-id")[:HISTORY]
    return [{"id": one.public_id, "number": one.number, "point": one.point} for one in found]


def bets_of(round_: CrashRound) -> list[Bet]:
    """Who is in, the greatest stakes of each currency first; not more than a page can show."""
    found = Bet.objects.filter(round=round_).select_related("player")
    return list(found.order_by("-stake", "pk")[:PLAYERS_MAX])


def shown_round(round_: CrashRound) -> dict[str, Any]:
    """What is public of a round by now."""
    return {
        "id": round_.public_id,
        "number": round_.number,
        "state": round_.state,
        "commitment": round_.commitment,
        "salt": round_.chain.salt,
        "betting_until": ms_of(round_.betting_until),
        "started_at": ms_of(round_.started_at) if round_.started_at else None,
        "ceiling": round_.ceiling,
        "point": round_.point,
        "link": round_.link,
    }


def shown_bet(bet: Bet) -> dict[str, Any]:
    """A bet as others see it. Its own page is its player's to share: `tag` does not lead there."""
    return {
        "tag": tag(bet.public_id),
        "name": HIDDEN if bet.is_hidden else public_name(bet.player),
        "stake": bet.stake_money.text,
        "currency": bet.currency,
        "state": bet.state,
        "left_at": bet.detail.get("left_at", 0),
        "payout": bet.payout_money.text,
    }


def tag(bet: str) -> str:
    return sha256(bet.encode()).hexdigest()[:16]


def ms_of(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class Feed:
    """Tells those who watch what has changed since it told them last: at most one frame a call."""

    def __init__(self) -> None:
        self._stage: tuple[int, str] | None = None
        self._told: dict[int, str] = {}
        self._seq = 0

    def tell(self) -> None:
        """Send what is new. After a start, and when a round begins to take bets, the whole state."""
        round_ = CrashRound.objects.select_related("chain").order_by("-id").first()
        if round_ is None:
            return
        stage = (round_.pk, str(round_.state))
        is_new = self._stage is None or self._stage[0] != round_.pk
        if is_new:
            self._told = {}
        changed = self._changed(round_)
        if stage == self._stage and not changed:
            return
        data: dict[str, Any] = {"kind": "round", "bets": [shown_bet(bet) for bet in changed]}
        if stage != self._stage:
            data["round"] = shown_round(round_)
        if is_new:
            data |= {"kind": "state", "history": history()}
        self._stage = stage
        self._send(data)

    def _changed(self, round_: CrashRound) -> Iterable[Bet]:
        found = [bet for bet in bets_of(round_) if self._told.get(bet.pk) != bet.state]
        self._told |= {bet.pk: bet.state for bet in found}
        return found

    def _send(self, data: dict[str, Any]) -> None:
        now = ms_of(crash.clock())
        self._seq = max(self._seq + 1, now)
        live.broadcast(STREAM, data | {"now": now}, seq=self._seq)
