"""What the journal does to jackpots, entry by entry, in the order of their ids.

The same entries give the same pots, drops and winners, whoever reads them and how often: nothing
here asks for the time or draws a number that is not committed to.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache

from django.conf import settings
from django.db.models import Q

from apps.accounts.models import Player
from apps.audit.alarms import raise_alarm
from apps.core import secrets
from apps.core.clock import now
from apps.jackpots import booking, cycles, marks, rules
from apps.jackpots.errors import RebuildDiffers
from apps.jackpots.models import (
    Contribution,
    Cycle,
    Jackpot,
    Level,
    Span,
    Standing,
    Unvalued,
    Version,
    Win,
)
from apps.jackpots.rules import Kind, Rules
from apps.ledger.models import Entry, Partner, Purse
from apps.ledger.models import Kind as EntryKind
from apps.ledger.selectors import currency, currency_of_id
from apps.rates import selectors as rates
from apps.wallet.statements.naming import Reference, games_of

ROLLED_BACK = "The winning bet was rolled back."


class Machine:
    """Applies one batch inside a transaction. known_upto: entries up to here were read before."""

    def __init__(self, entries: Sequence[Entry], *, known_upto: int = 0):
        self._entries = entries
        self._known_upto = known_upto
        self._scale = currency(settings.BASE_CURRENCY).scale
        self.drawn: list[Win] = []
        self._changed: set[int] = set()

    def run(self) -> None:
        marks.hold()
        self._jackpots = list(Jackpot.objects.order_by("id"))
        if not self._jackpots:
            return
        self._load()
        for entry in self._entries:
            self._take(entry)
        self._save()

    def close_windows(self, moment: datetime, *, only_won: bool = False) -> None:
        """Close what was over by then. only_won: where that has been done before."""
        marks.hold()
        self._jackpots = list(Jackpot.objects.order_by("id"))
        self._load()
        for level in (level for found in self._levels.values() for level in found):
            if not only_won or Win.objects.filter(cycle=self._cycles[level.pk]).exists():
                self._close_window(level, moment)
        self._save()

    # ---- one entry --------------------------------------------------------------------------------

    def _take(self, entry: Entry) -> None:
        for jackpot in self._jackpots:
            if entry.pk < jackpot.entry_from:
                continue
            for level in self._levels[jackpot.pk]:
                # In this order: a window may also be closed before the entry comes.
                self._close_window(level, entry.created_at)
                self._return_void(level, entry.pk)
        if entry.kind == EntryKind.BET and entry.amount < 0 and entry.wallet.purse == Purse.CASH:
            self._bet(entry)
        elif entry.kind == EntryKind.ROLLBACK and entry.reverses_id is not None:
            self._undo(entry)

    def _bet(self, entry: Entry) -> None:
        stake = self._stakes.get(entry.pk)
        for jackpot in self._jackpots:
            version = self._version(jackpot, entry.pk)
            if version is None or stake is None or self._is_paused(jackpot, entry.pk):
                continue
            found = self._rules[version.pk]
            if not self._is_eligible(jackpot, found, entry, stake):
                continue
            given = rules.contribution(found, stake)
            self._given[jackpot.pk, entry.pk] = Contribution(
                jackpot=jackpot,
                entry_id=entry.pk,
                version=version,
                player_id=entry.wallet.player_id,
                stake=stake,
                amount=given,
            )
            parts = rules.shares(found, given)
            for level in self._levels[jackpot.pk]:
                self._add(level, parts[level.code], entry, stake)

    def _add(self, level: Level, part: rules.Share, entry: Entry, stake: Decimal) -> None:
        self._changed.add(level.pk)
        cycle, before = self._cycles[level.pk], level.pool
        level.pool += part.pool
        level.reserve += part.reserve
        level.contributed += part.total
        cycle.bets += 1
        cycle.last_entry = cycle.seen_entry = entry.pk
        if (trigger := self._hit(level, cycle, entry, stake)) is not None:
            self._drop(level, entry, stake, before=before, trigger=trigger)

    def _hit(self, level: Level, cycle: Cycle, entry: Entry, stake: Decimal) -> str | None:
        """What was reached, in words, if this bet wins the level."""
        found = self._cycle_rules(cycle)
        if found.kind == Kind.AMOUNT:
            at = rules.trigger_units(found, self._secret(cycle), cycle.named, self._scale)
            reached = rules.cents(level.pool, self._scale) >= at
            return f"{rules.major(at, self._scale):f}" if reached else None
        if found.kind == Kind.TIME:
            moment = self._moment(cycle)
            return moment.isoformat() if entry.created_at >= moment else None
        hit = rules.is_hit(found, self._secret(cycle), cycle.named, cycle.bets, stake)
        return str(cycle.bets) if hit else None

    def _close_window(self, level: Level, moment: datetime) -> None:
        """Drop to the last bet of a window that is over and had no bet after its hidden moment."""
        cycle = self._cycles[level.pk]
        if cycle.ends_at is None or cycle.ends_at > moment or cycle.last_entry is None:
            return
        if self._cycle_rules(cycle).kind != Kind.TIME:
            return
        last = self._contribution(level.jackpot_id, cycle.last_entry)
        entry = self._entry(cycle.last_entry)
        trigger = self._moment(cycle).isoformat()
        self._drop(level, entry, last.stake, before=level.pool, trigger=trigger, is_last_bet=True)

    def _drop(
        self, level: Level, entry: Entry, stake: Decimal, *,
        before: Decimal, trigger: str, is_last_bet: bool = False,
    ) -> None:  # fmt: skip
        """Pay out of the pot, seed it anew, open the next cycle."""
        self._changed.add(level.pk)
        cycle = self._cycles[level.pk]
        found = self._cycle_rules(cycle)
        units = min(rules.cents(level.pool, self._scale), rules.cents(found.high, self._scale))
        prize = rules.major(units, self._scale)
        self._record(
            Win(
                cycle=cycle,
                level=level,
                player_id=entry.wallet.player_id,
                entry_id=entry.pk,
                bet_at=entry.created_at,
                stake=stake,
                bet_number=cycle.bets,
                is_last_bet=is_last_bet,
                trigger=trigger,
                pot_before=before,
                pot=level.pool,
                amount=prize,
                currency=currency_of_id(entry.wallet.currency_id).code,
                drawn_at=now(),
            )
        )
        after = cycle.seen_entry or entry.pk
        version = self._version(level.jackpot, after) or cycle.version
        seed = self._rules[version.pk].level(level.code).seed
        level.won += prize
        level.reserve += level.pool - prize
        from_reserve = min(level.reserve, seed)
        level.reserve -= from_reserve
        level.seeded += seed - from_reserve
        level.pool = seed
        level.number += 1
        self._save_cycle(cycle, reveal=True)
        self._cycles[level.pk] = cycles.open_next(
            level, version, before=cycle, hit_at=None if is_last_bet else entry.created_at,
            opened_after=after,
        )  # fmt: skip

    def _record(self, win: Win) -> None:
        known = Win.objects.filter(cycle=win.cycle).first()
        if known is None:
            win.save()
            self.drawn.append(win)
            return
        if (known.entry_id, known.player_id, known.amount) != (
            win.entry_id, win.player_id, win.amount,
        ):  # fmt: skip
            raise RebuildDiffers(f"{RebuildDiffers.message} {win.cycle.named}")

    def _undo(self, entry: Entry) -> None:
        """Take back what an undone bet gave, unless its pot has been won since."""
        target = entry.reverses_id or 0
        for jackpot in self._jackpots:
            given = self._given.get((jackpot.pk, target))
            if given is None or given.undone_by is not None:
                continue
            given.undone_by = entry.pk
            parts = rules.shares(self._rules[given.version_id], given.amount)
            for level in self._levels[jackpot.pk]:
                cycle = self._cycles[level.pk]
                if target <= cycle.opened_after:
                    continue  # spent: the next pot does not pay for it
                self._changed.add(level.pk)
                part = parts[level.code]
                level.pool -= part.pool
                level.reserve -= part.reserve
                level.contributed -= part.total
                if cycle.last_entry == target:
                    cycle.last_entry = self._last_before(cycle, jackpot.pk)
        self._hold_wins(target)

    def _hold_wins(self, target: int) -> None:
        for win in Win.objects.select_for_update().filter(entry_id=target):
            if win.state == Win.State.DUE:
                win.state, win.held_for = Win.State.HELD, ROLLED_BACK
                win.save(update_fields=["state", "held_for"])
            elif target <= self._known_upto:
                continue
            raise_alarm(
                "jackpot.winning_bet_undone",
                subject=win.public_id,
                message=f"{ROLLED_BACK} The win of {win.amount_money} is {win.state}.",
                severity="critical",
            )

    def _return_void(self, level: Level, entry_id: int) -> None:
        """A win that two people declared void feeds the reserve from its mark on."""
        for win in self._void[level.pk]:
            if not win.is_returned and win.void_from is not None and win.void_from <= entry_id:
                self._changed.add(level.pk)
                level.won -= win.amount
                level.reserve += win.amount
                win.is_returned = True
                win.save(update_fields=["is_returned"])

    # ---- what is known ----------------------------------------------------------------------------

    def _load(self) -> None:
        self._levels: dict[int, list[Level]] = defaultdict(list)
        levels = Level.objects.select_for_update(of=("self",)).select_related("jackpot")
        for level in levels.order_by("id"):
            self._levels[level.jackpot_id].append(level)
        for found in self._levels.values():
            found.sort(key=lambda one: one.position)
        every = [level for found in self._levels.values() for level in found]
        open_cycles = Q()
        for level in every:
            open_cycles |= Q(level=level, number=level.number)
        self._cycles = {
            cycle.level_id: cycle
            for cycle in Cycle.objects.filter(open_cycles).select_related("version", "level")
        }
        self._versions: dict[int, list[Version]] = defaultdict(list)
        for version in Version.objects.order_by("-entry_from", "-number"):
            self._versions[version.jackpot_id].append(version)
        self._rules = {
            version.pk: version.rules for found in self._versions.values() for version in found
        }
        self._void: dict[int, list[Win]] = defaultdict(list)
        for win in Win.objects.filter(state=Win.State.VOID, is_returned=False):
            self._void[win.level_id].append(win)
        self._pauses: dict[int, list[Span]] = defaultdict(list)
        for span in Span.objects.filter(player=None):
            self._pauses[span.jackpot_id].append(span)
        self._secrets: dict[int, str] = {}
        self._load_bets([one for one in self._entries if one.kind == EntryKind.BET])
        undone = {one.reverses_id for one in self._entries if one.reverses_id is not None}
        self._given = {
            (one.jackpot_id, one.entry_id): one
            for one in Contribution.objects.filter(entry_id__in=undone)
        }
        self._known_given = set(self._given)

    def _load_bets(self, bets: list[Entry]) -> None:
        wanted = list(self._rules.values())
        ids = [one.pk for one in bets]
        lacking = set(Unvalued.objects.filter(pk__in=ids).values_list("pk", flat=True))
        worth = rates.worth_of([pk for pk in ids if pk not in lacking]) if wanted else {}
        self._stakes = {pk: rules.down(-value) for pk, value in worth.items() if -value > 0}
        self._note_unvalued([one for one in bets if one.pk not in worth and one.pk not in lacking])
        players = {one.wallet.player_id for one in bets}
        self._choices: dict[tuple[int, int], list[Span]] = defaultdict(list)
        if any(one.needs_opt_in for one in wanted):
            for span in Span.objects.filter(player_id__in=players):
                self._choices[span.jackpot_id, span.player_id or 0].append(span)
        self._standings: dict[int, list[Standing]] = defaultdict(list)
        self._players: dict[int, Player] = {}
        if any(one.countries or one.rank_min for one in wanted):
            for standing in Standing.objects.filter(player_id__in=players).order_by("-entry_from"):
                self._standings[standing.player_id].append(standing)
            self._players = Player.objects.in_bulk(players)
        self._games: dict[int, str] = {}
        if any(one.games for one in wanted):
            self._name_games(bets)

    def _name_games(self, bets: list[Entry]) -> None:
        by_partner: dict[int, list[Entry]] = defaultdict(list)
        for bet in bets:
            by_partner[bet.partner_id].append(bet)
        for partner_id, found in by_partner.items():
            references = {one.pk: Reference(one.round_ref, one.source_id) for one in found}
            names = games_of(_partner(partner_id), set(references.values()))
            self._games |= {pk: names[ref].slug for pk, ref in references.items() if ref in names}

    def _note_unvalued(self, bets: list[Entry]) -> None:
        rows = [
            Unvalued(entry_id=bet.pk, code=currency_of_id(bet.wallet.currency_id).code)
            for bet in bets
            if bet.pk >= min(one.entry_from for one in self._jackpots)
        ]
        Unvalued.objects.bulk_create(rows, ignore_conflicts=True)
        for code in sorted({row.code for row in rows}):
            raise_alarm(
                "jackpot.no_rate",
                subject=code,
                message=f"Stakes in {code} take no part in jackpots: it never had a rate.",
            )

    def _is_eligible(self, jackpot: Jackpot, found: Rules, entry: Entry, stake: Decimal) -> bool:
        player_id = entry.wallet.player_id
        standing = (
            self._standing(player_id, entry.pk) if found.countries or found.rank_min else None
        )
        return rules.is_eligible(
            found,
            stake=stake,
            currency=currency_of_id(entry.wallet.currency_id).code,
            partner=_partner(entry.partner_id),
            game=self._games.get(entry.pk),
            country=standing.country if standing else "",
            rank=standing.rank if standing else 0,
            opted_in=any(_covers(one, entry.pk) for one in self._choices[jackpot.pk, player_id]),
        )

    def _standing(self, player_id: int, entry_id: int) -> Standing:
        """What counts for an entry: as it was noted, or as it is now, which is noted then."""
        noted = self._standings[player_id]
        found = next((one for one in noted if one.entry_from <= entry_id), None)
        is_past = entry_id <= self._known_upto or bool(noted and noted[0].entry_from > entry_id)
        if found is not None and is_past:
            return found
        player = self._players[player_id]
        if found and (found.country, found.rank) == (player.country, player.rank):
            return found
        made = Standing.objects.create(
            player=player, entry_from=entry_id, country=player.country, rank=player.rank
        )
        noted.append(made)
        noted.sort(key=lambda one: -one.entry_from)
        return made

    def _version(self, jackpot: Jackpot, entry_id: int) -> Version | None:
        return next((v for v in self._versions[jackpot.pk] if v.entry_from <= entry_id), None)

    def _is_paused(self, jackpot: Jackpot, entry_id: int) -> bool:
        return any(_covers(one, entry_id) for one in self._pauses[jackpot.pk])

    def _contribution(self, jackpot_id: int, entry_id: int) -> Contribution:
        known = self._given.get((jackpot_id, entry_id))
        return known or Contribution.objects.get(jackpot_id=jackpot_id, entry_id=entry_id)

    def _entry(self, entry_id: int) -> Entry:
        found = next((one for one in self._entries if one.pk == entry_id), None)
        return found or Entry.objects.select_related("wallet").get(pk=entry_id)

    def _last_before(self, cycle: Cycle, jackpot_id: int) -> int | None:
        """The newest bet of a cycle that still stands."""
        here = [
            one.entry_id
            for one in self._given.values()
            if one.jackpot_id == jackpot_id and one.undone_by is None
        ]
        undone = {one.entry_id for one in self._given.values() if one.undone_by is not None}
        kept = (
            Contribution.objects.filter(
                jackpot_id=jackpot_id, entry_id__gt=cycle.opened_after, undone_by=None
            )
            .exclude(entry_id__in=undone)
            .order_by("-entry_id")
            .values_list("entry_id", flat=True)
            .first()
        )
        found = [one for one in (*here, kept or 0) if one > cycle.opened_after]
        return max(found, default=None)

    def _cycle_rules(self, cycle: Cycle) -> rules.LevelRules:
        return self._rules[cycle.version_id].level(cycle.level.code)

    def _moment(self, cycle: Cycle) -> datetime:
        if cycle.starts_at is None or cycle.ends_at is None:
            raise ValueError(f"{cycle} has no window.")
        return rules.trigger_moment(
            self._secret(cycle), cycle.named, cycle.starts_at, cycle.ends_at
        )

    def _secret(self, cycle: Cycle) -> str:
        if cycle.pk not in self._secrets:
            self._secrets[cycle.pk] = cycle.seed or secrets.unseal(cycle.sealed, place=cycle.place)
        return self._secrets[cycle.pk]

    # ---- writing ----------------------------------------------------------------------------------

    def _save_cycle(self, cycle: Cycle, *, reveal: bool = False) -> None:
        if reveal:
            cycle.seed = self._secret(cycle)
        cycle.save(update_fields=["bets", "last_entry", "seen_entry", "seed"])

    def _save(self) -> None:
        made = [one for key, one in self._given.items() if key not in self._known_given]
        changed = [one for key, one in self._given.items() if key in self._known_given]
        Contribution.objects.bulk_create(made)
        Contribution.objects.bulk_update(changed, ["undone_by"])
        dropped = {win.level_id for win in self.drawn}
        for level in (level for found in self._levels.values() for level in found):
            if level.pk not in self._changed:
                continue
            self._save_cycle(self._cycles[level.pk])
            level.save(update_fields=["pool", "reserve", "contributed", "seeded", "won", "number"])
            if level.pk in dropped:
                booking.book(level)


def _covers(span: Span, entry_id: int) -> bool:
    return span.entry_from <= entry_id and (span.entry_until is None or entry_id < span.entry_until)


@cache
def _partner(partner_id: int) -> str:
    return Partner.objects.get(pk=partner_id).code
