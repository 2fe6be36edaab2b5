"""Everything that ever happened to a player, in one stream.

Each source is read newest first by its own key, so each uses its index; the streams are merged by
time, and the place in every source makes the mark for the next page. Nothing is shown twice or
left out, however much is written meanwhile.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.urls import reverse

from apps.accounts.countries import country_name
from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.games.models import GameSession, Round
from apps.ledger.models import Entry
from apps.ledger.selectors import currency, currency_of_id
from apps.limits.models import RegisterCheck
from apps.payments.models import Deposit, Withdrawal
from apps.risk.models import LocationCheck
from apps.site.formatting import amount_text
from apps.wallet.selectors import movement

PAGE_SIZE = 40
# Decisions are looked up for this many of a player's newest withdrawals.
WITHDRAWALS_MAX = 500
ID_MAX = 2**63 - 1


@dataclass(frozen=True)
class Item:
    """One line: what happened, the money in it, and where to read on."""

    source: str
    id: int
    at: datetime
    title: str
    detail: str = ""
    money: Money | None = None
    url: str = ""
    actor: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Page:
    items: list[Item]
    next_mark: str


@dataclass(frozen=True)
class Source:
    """permission: needed to open what a line leads to."""

    name: str
    label: str
    read: Callable[[Player, int, int], list[Item]]
    permission: str


@dataclass
class _Stream:
    items: list[Item]
    taken: int = 0
    place: int = field(default=ID_MAX)


def page(player: Player, *, shown: str = "", mark: str = "") -> Page:
    """One page of the stream, after `mark`. shown: one source's name, or all. Raises InvalidInput."""
    sources = [source for source in SOURCES if shown in ("", source.name)]
    if not sources:
        raise InvalidInput("There is no such kind of event.")
    places = _read_mark(mark)
    streams = {
        source.name: _Stream(
            items=source.read(player, places.get(source.name, ID_MAX), PAGE_SIZE + 1),
            place=places.get(source.name, ID_MAX),
        )
        for source in sources
    }
    items = list(islice(_merged(streams), PAGE_SIZE))
    more = any(stream.taken < len(stream.items) for stream in streams.values())
    return Page(items, _write_mark(streams) if more else "")


def _merged(streams: dict[str, _Stream]) -> Iterable[Item]:
    while True:
        heads = [
            (stream.items[stream.taken], stream)
            for stream in streams.values()
            if stream.taken < len(stream.items)
        ]
        if not heads:
            return
        item, stream = max(heads, key=lambda head: (head[0].at, head[0].source, head[0].id))
        stream.taken += 1
        stream.place = item.id
        yield item


def _read_mark(mark: str) -> dict[str, int]:
    places: dict[str, int] = {}
    for part in filter(None, mark.split(".")):
        name, _, place = part.partition("-")
        if name not in BY_NAME or not place.isascii() or not place.isdecimal():
            raise InvalidInput("This page mark is not ours.")
        places[name] = min(int(place[:20]), ID_MAX)
    return places


def _write_mark(streams: dict[str, _Stream]) -> str:
    return ".".join(
        f"{name}-{stream.place}" for name, stream in streams.items() if stream.place < ID_MAX
    )


def _entries(player: Player, before: int, limit: int) -> list[Item]:
    # One backward index scan per wallet; a plain IN would scan the whole journal backwards.
    entries = Entry.objects.raw(
        """
        SELECT e.*, w.currency_id AS wallet_currency_id
          FROM ledger_wallet w
         CROSS JOIN LATERAL (
               SELECT * FROM ledger_entry x
                WHERE x.wallet_id = w.id AND x.id < %s ORDER BY x.id DESC LIMIT %s) e
         WHERE w.player_id = %s ORDER BY e.id DESC LIMIT %s
        """,
        [before, limit, player.pk, limit],
    )
    return [_entry(entry) for entry in entries]


def _entry(entry: Entry) -> Item:
    of = currency_of_id(entry.wallet_currency_id)  # type: ignore[attr-defined]  # selected
    moved = movement(entry, of)
    detail = f"balance {_words(moved.balance_after)}"
    if moved.round_ref:
        detail += f" · round {moved.round_ref}"
    return Item(
        source="money",
        id=entry.pk,
        at=entry.created_at,
        title=moved.words,
        detail=detail,
        money=moved.amount,
        url=reverse("admin:operator_entry", args=[entry.pk]),
    )


def _deposits(player: Player, before: int, limit: int) -> list[Item]:
    rows = Deposit.objects.filter(player=player, pk__lt=before).order_by("-pk")[:limit]
    return [
        Item(
            source="deposits",
            id=row.pk,
            at=row.created_at,
            title="Deposit seen",
            detail=f"now {row.get_state_display()} · {row.txid or row.public_id}",
            money=row.money,
            url=reverse("admin:payments_deposit_change", args=[row.pk]),
        )
        for row in rows
    ]


def _withdrawals(player: Player, before: int, limit: int) -> list[Item]:
    rows = Withdrawal.objects.filter(player=player, pk__lt=before).order_by("-pk")[:limit]
    return [
        Item(
            source="withdrawals",
            id=row.pk,
            at=row.created_at,
            title="Withdrawal requested",
            detail=f"now {row.get_state_display()} · to {row.address}",
            money=-row.money,
            url=reverse("admin:operator_withdrawal", args=[row.public_id]),
        )
        for row in rows
    ]


def _sessions(player: Player, before: int, limit: int) -> list[Item]:
    rows = (
        GameSession.objects.filter(player=player, pk__lt=before)
        .select_related("game")
        .order_by("-pk")[:limit]
    )
    return [
        Item(
            source="sessions",
            id=row.pk,
            at=row.started_at,
            title=f"Opened {row.game}",
            detail=row.public_id,
            url=reverse("admin:games_gamesession_change", args=[row.pk]),
        )
        for row in rows
    ]


def _rounds(player: Player, before: int, limit: int) -> list[Item]:
    rows = (
        Round.objects.filter(player=player, pk__lt=before)
        .select_related("game")
        .order_by("-pk")[:limit]
    )
    return [
        Item(
            source="rounds",
            id=row.pk,
            at=row.started_at,
            title=f"Round of {row.game or 'an unknown game'}",
            detail=f"{row.state} · stake {_words(Money.from_major(row.stake, currency(row.currency)))}"
            f" · {row.round_ref}",
            money=Money.from_major(row.win - row.stake, currency(row.currency)),
            url=reverse("admin:games_round_change", args=[row.pk]),
        )
        for row in rows
    ]


def _places(player: Player, before: int, limit: int) -> list[Item]:
    """Where the player was when it was looked at."""
    rows = LocationCheck.objects.filter(player=player, pk__lt=before).order_by("-pk")[:limit]
    return [
        Item(
            source="places",
            id=row.pk,
            at=row.at,
            title=f"Located in {country_name(row.country) if row.country else 'no known country'}",
            detail=" · ".join(
                part
                for part in (
                    str(row.ip or ""),
                    row.get_occasion_display(),
                    ", ".join(row.flags),
                    row.get_refusal_display() if row.refusal else "",
                    row.database,
                )
                if part
            ),
            tone="warn" if row.refusal else "",
        )
        for row in rows
    ]


def _registers(player: Player, before: int, limit: int) -> list[Item]:
    """What national registers answered about the player."""
    rows = RegisterCheck.objects.filter(player=player, pk__lt=before).order_by("-pk")[:limit]
    return [
        Item(
            source="registers",
            id=row.pk,
            at=row.at,
            title=f"{row.register}: {row.get_verdict_display()}",
            detail=" · ".join(
                part for part in (row.get_occasion_display(), row.reference, row.error) if part
            ),
            tone="warn" if row.verdict in {"excluded", "none"} else "",
        )
        for row in rows
    ]


def _records(player: Player, before: int, limit: int) -> list[Item]:
    """What was recorded about the player and their withdrawals, and what the player did."""
    found: dict[int, Record] = {}
    rows = Record.objects.filter(pk__lt=before).order_by("-pk")
    # What staff decided about a withdrawal has the withdrawal as its subject, not the player.
    decided = [
        str(pk)
        for pk in Withdrawal.objects.filter(player=player)
        .order_by("-pk")
        .values_list("pk", flat=True)[:WITHDRAWALS_MAX]
    ]
    about = rows.filter(subject_kind="payments.withdrawal", subject_id__in=decided)
    found |= {row.pk: row for row in about[:limit]}
    # One query for each index: with OR, PostgreSQL would rather walk the whole trail backwards.
    for kind in ("player", "user"):
        for some in (
            rows.filter(subject_kind=f"accounts.{kind}", subject_id=str(player.pk))[:limit],
            rows.filter(actor_kind=kind, actor_id=str(player.pk))[:limit],
        ):
            found |= {row.pk: row for row in some}
    newest = sorted(found.values(), key=lambda row: -row.pk)[:limit]
    return [
        Item(
            source="audit",
            id=row.pk,
            at=row.at,
            title=row.action.replace(".", " ").replace("_", " ").capitalize(),
            detail=row.reason or _change(row),
            actor=row.actor_label,
            url=reverse("admin:audit_record_change", args=[row.pk]),
        )
        for row in newest
    ]


def _change(row: Record) -> str:
    after = row.after or {}
    before = row.before or {}
    return ", ".join(
        f"{name}: {before[name]} → {value}" if name in before else f"{name}: {value}"
        for name, value in after.items()
        if value not in ("", None)
    )[:200]


def _words(value: Money) -> str:
    text = amount_text(value, trim=True)
    return f"{text.shown} {text.code}"


SOURCES = (
    Source("money", "Ledger", _entries, "ledger.view_entry"),
    Source("deposits", "Deposits", _deposits, "payments.view_deposit"),
    Source("withdrawals", "Withdrawals", _withdrawals, "payments.view_withdrawal"),
    Source("sessions", "Game sessions", _sessions, "games.view_gamesession"),
    Source("rounds", "Rounds", _rounds, "games.view_round"),
    Source("places", "Locations", _places, "operator.view_timeline"),
    Source("registers", "Registers", _registers, "operator.view_timeline"),
    Source("audit", "Account and staff", _records, "audit.view_record"),
)
BY_NAME = {source.name: source for source in SOURCES}
