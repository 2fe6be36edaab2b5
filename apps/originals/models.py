"""Seed pairs, crash rounds, bets, and what each game allows. Amounts are major units, as in the journal."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from apps.core import secrets
from apps.core.ids import public_id
from apps.core.money import Money
from apps.core.session_ref import session_ref
from apps.ledger import selectors as ledger
from apps.originals.fairness.tables import ONE

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


def seeds_public_id() -> str:
    return public_id("sp")


def bet_public_id() -> str:
    return public_id("bet")


def chain_public_id() -> str:
    return public_id("cc")


def round_public_id() -> str:
    return public_id("cr")


def run_public_id() -> str:
    return public_id("run")


class Original(models.Model):
    """One of our games. Limits are in the base currency; a bet is refused where it is closed."""

    code = models.CharField(primary_key=True, max_length=16)
    title = models.CharField(max_length=40)
    enabled = models.BooleanField(default=True)
    stake_min = models.DecimalField(**AMOUNT)
    stake_max = models.DecimalField(**AMOUNT)
    win_max = models.DecimalField(**AMOUNT, help_text="The most one bet can pay.")
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "originals_game"
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(stake_min__gt=0, stake_max__gte=models.F("stake_min"), win_max__gt=0),
                name="originals_game_limits",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SeedPair(models.Model):
    """A committed server seed and a player's own. The seed is sealed until it is revealed."""

    class State(models.TextChoices):
        WAITING = "waiting", "committed, used after the next rotation"
        ACTIVE = "active"
        REVEALED = "revealed"

    public_id = models.CharField(max_length=32, unique=True, default=seeds_public_id)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="seed_pairs"
    )
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    commitment = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    server_seed = models.CharField(max_length=64, blank=True, help_text="Once it is revealed.")
    client_seed = models.CharField(max_length=64, blank=True)
    next_nonce = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "originals_seeds"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "state"],
                condition=Q(state__in=["waiting", "active"]),
                name="originals_seeds_one_of_each",
            ),
            models.CheckConstraint(
                condition=Q(state="revealed") | Q(server_seed=""),
                name="originals_seeds_hidden_until_revealed",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def place(self) -> str:
        return secrets.place_of(self, "sealed", "public_id")


class CrashChain(models.Model):
    """The links that crash rounds end by. The last one is sealed, the one before the first is public.

    Its salt is fixed after `first_link` was published, from something nobody could know by then.
    """

    public_id = models.CharField(max_length=32, unique=True, default=chain_public_id)
    length = models.PositiveIntegerField()
    first_link = models.CharField(max_length=64, unique=True, help_text="h_0, published.")
    sealed = models.BinaryField()
    salt = models.CharField(max_length=64, blank=True)
    salt_origin = models.CharField(
        max_length=200, help_text="What the salt is taken from, named before it exists."
    )
    used = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    salted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "originals_crash_chain"
        constraints = [
            models.CheckConstraint(
                condition=Q(used__lte=models.F("length")), name="originals_crash_chain_length"
            ),
            models.CheckConstraint(
                condition=Q(used=0) | ~Q(salt=""), name="originals_crash_chain_salted_first"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def place(self) -> str:
        return secrets.place_of(self, "sealed", "public_id")


class CrashRound(models.Model):
    """A round everybody is in. Its link is sealed until the round has ended by it.

    commitment: the link before, which the link hashes to. ceiling: where all are cashed out, in
    hundredths like `point`.
    """

    class State(models.TextChoices):
        BETTING = "betting", "takes bets"
        RUNNING = "running"
        BUST = "bust", "over, and being settled"
        OVER = "over"
        VOID = "void", "given back: it could not go on"

    LIVE = (State.BETTING, State.RUNNING, State.BUST)

    public_id = models.CharField(max_length=32, unique=True, default=round_public_id)
    chain = models.ForeignKey(CrashChain, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.BETTING)
    commitment = models.CharField(max_length=64)
    sealed = models.BinaryField()
    link = models.CharField(max_length=64, blank=True)
    point = models.BigIntegerField(null=True, blank=True)
    ceiling = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    betting_until = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    bust_at = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "originals_crash_round"
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="originals_crash_number"),
            models.CheckConstraint(
                condition=~Q(state__in=["betting", "running"]) | Q(link="", point__isnull=True),
                name="originals_crash_hidden_until_bust",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["betting", "void"])
                | Q(started_at__isnull=False, ceiling__isnull=False),
                name="originals_crash_started",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["betting", "running", "bust"]),
                name="originals_crash_live",
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def place(self) -> str:
        return secrets.place_of(self, "sealed", "public_id")

    @property
    def times(self) -> str:
        """The point as people read it: `1.67`; empty while it is sealed."""
        return "" if self.point is None else f"{self.point // 100:,}.{self.point % 100:02d}"


class AutoRun(models.Model):
    """Bets one after the other until a condition stops them. The next stake is kept, not sent.

    raise_on_win, raise_on_loss: basis points that are added to the stake; None goes back to the first
    stake. The stops are amounts: what was won or lost in all, what one bet has won.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        ENDED = "ended"

    class Reason(models.TextChoices):
        NONE = "", "still running"
        STOPPED = "stopped", "stopped by the player"
        ALL_PLAYED = "all_played", "all bets were played"
        PROFIT = "profit", "the profit to stop at was reached"
        LOSS = "loss", "the loss to stop at was reached"
        SINGLE_WIN = "single_win", "a single win to stop at was reached"
        FUNDS = "funds", "the balance does not cover the next stake"
        LIMITS = "limits", "the next stake is outside the limits of the game"
        REFUSED = "refused", "the next bet was refused"

    public_id = models.CharField(max_length=32, unique=True, default=run_public_id)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="original_runs"
    )
    game = models.ForeignKey(Original, on_delete=models.PROTECT, related_name="runs")
    key = models.CharField(max_length=64, help_text="Chosen by the client, one per run.")
    currency = models.CharField(max_length=8)
    choice = models.JSONField()
    is_hidden = models.BooleanField(default=False)
    first_stake = models.DecimalField(**AMOUNT)
    next_stake = models.DecimalField(**AMOUNT)
    bets_max = models.PositiveIntegerField(null=True, blank=True)
    raise_on_win = models.PositiveIntegerField(null=True, blank=True)
    raise_on_loss = models.PositiveIntegerField(null=True, blank=True)
    stop_profit = models.DecimalField(**AMOUNT, null=True, blank=True)
    stop_loss = models.DecimalField(**AMOUNT, null=True, blank=True)
    stop_single_win = models.DecimalField(**AMOUNT, null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.NONE, blank=True)
    placed = models.PositiveIntegerField(default=0)
    staked = models.DecimalField(**AMOUNT, default=Decimal(0))
    paid = models.DecimalField(**AMOUNT, default=Decimal(0))
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "originals_run"
        constraints = [
            models.UniqueConstraint(fields=["player", "key"], name="originals_run_key"),
            models.UniqueConstraint(
                fields=["player", "game"],
                condition=Q(state="running"),
                name="originals_run_one_a_game",
            ),
            models.CheckConstraint(
                condition=Q(state="running", reason="")
                | Q(state="ended", ended_at__isnull=False) & ~Q(reason=""),
                name="originals_run_ended",
            ),
            models.CheckConstraint(
                condition=Q(first_stake__gt=0, next_stake__gt=0, staked__gte=0, paid__gte=0),
                name="originals_run_amounts",
            ),
        ]
        indexes = [models.Index(fields=["player", "-id"], name="originals_run_player")]

    def __str__(self) -> str:
        return self.public_id

    def money(self, amount: Decimal) -> Money:
        return Money.from_major(amount, ledger.currency(self.currency))

    @property
    def next_money(self) -> Money:
        return self.money(self.next_stake)


class Bet(models.Model):
    """One bet on an original, with everything that is needed to work it out again."""

    class State(models.TextChoices):
        OPEN = "open", "waiting for the player"
        CLOSED = "closed"
        REFUNDED = "refunded", "given back: it could not go on"

    public_id = models.CharField(max_length=32, unique=True, default=bet_public_id)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="original_bets"
    )
    game = models.ForeignKey(Original, on_delete=models.PROTECT, related_name="bets")
    wallet_id = models.BigIntegerField()
    currency = models.CharField(max_length=8)
    key = models.CharField(max_length=64, help_text="Chosen by the client, one per bet.")
    seeds = models.ForeignKey(
        SeedPair, on_delete=models.PROTECT, related_name="bets", null=True, blank=True
    )
    round = models.ForeignKey(
        CrashRound, on_delete=models.PROTECT, related_name="bets", null=True, blank=True,
        help_text="Of crash, in place of a pair of seeds.",
    )  # fmt: skip
    run = models.ForeignKey(
        AutoRun, on_delete=models.PROTECT, related_name="bets", null=True, blank=True
    )
    nonce = models.PositiveIntegerField(help_text="The number of the round in crash.")
    leaves_at = models.BigIntegerField(
        null=True, blank=True, help_text="Crash: hundredths at which it is cashed out by itself."
    )
    is_hidden = models.BooleanField(default=False, help_text="Others do not see whose it is.")
    table_version = models.PositiveSmallIntegerField()
    choice = models.JSONField()
    actions = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=State)
    base_stake = models.DecimalField(**AMOUNT)
    stake = models.DecimalField(**AMOUNT, help_text="All that was staked, doubles included.")
    payout = models.DecimalField(**AMOUNT, default=Decimal(0))
    multiplier = models.BigIntegerField(default=0, help_text="Ten-thousandths of the base stake.")
    win_max = models.DecimalField(**AMOUNT, help_text="The most it can pay, shown before the bet.")
    detail = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    session_ref = models.CharField(
        max_length=32, blank=True, default=session_ref, help_text="The sign-in that placed it."
    )

    class Meta:
        db_table = "originals_bet"
        constraints = [
            models.UniqueConstraint(fields=["player", "key"], name="originals_bet_key"),
            models.UniqueConstraint(fields=["seeds", "nonce"], name="originals_bet_nonce"),
            models.UniqueConstraint(fields=["round", "player"], name="originals_bet_one_a_round"),
            models.CheckConstraint(
                condition=Q(seeds__isnull=False, round__isnull=True)
                | Q(seeds__isnull=True, round__isnull=False, leaves_at__isnull=False),
                name="originals_bet_drawn_from",
            ),
            models.UniqueConstraint(
                fields=["player", "game"], condition=Q(state="open"), name="originals_bet_one_open"
            ),
            models.CheckConstraint(
                condition=Q(base_stake__gt=0, stake__gte=models.F("base_stake"), payout__gte=0),
                name="originals_bet_amounts",
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-id"], name="originals_bet_player"),
            models.Index(fields=["game", "-id"], name="originals_bet_game"),
            models.Index(fields=["id"], condition=Q(state="open"), name="originals_bet_open"),
            models.Index(
                fields=["round", "leaves_at"],
                condition=Q(state="open", round__isnull=False),
                name="originals_bet_in_flight",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def stake_money(self) -> Money:
        return Money.from_major(self.stake, ledger.currency(self.currency))

    @property
    def base_money(self) -> Money:
        return Money.from_major(self.base_stake, ledger.currency(self.currency))

    @property
    def payout_money(self) -> Money:
        return Money.from_major(self.payout, ledger.currency(self.currency))

    @property
    def win_max_money(self) -> Money:
        return Money.from_major(self.win_max, ledger.currency(self.currency))

    @property
    def commitment(self) -> str:
        """The hash that was known before the bet."""
        return self.round.commitment if self.round else self.pair.commitment

    @property
    def server_seed(self) -> str:
        """What it hashes; empty while that is sealed."""
        return self.round.link if self.round else self.pair.server_seed

    @property
    def client_seed(self) -> str:
        """The player's own seed; the salt of the chain in crash."""
        return self.round.chain.salt if self.round else self.pair.client_seed

    @property
    def pair(self) -> SeedPair:
        """The seeds of a bet on any game but crash."""
        if self.seeds is None:
            raise TypeError("A bet on crash has no seeds.")
        return self.seeds

    @property
    def times(self) -> str:
        """The multiplier as people read it: `2.0002`."""
        return f"{self.multiplier // ONE}.{self.multiplier % ONE:04d}"
