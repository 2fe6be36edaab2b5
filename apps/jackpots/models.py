"""Jackpots, their versions, their cycles and their wins.

What is derived from the journal: the sums of `Level`, `Contribution`, `Win.is_returned`, and a
cycle's `bets`, `last_entry`, `seen_entry`, `opened_after` and window. Everything else is a source
that a rebuild reads again.
Amounts are in the base currency, to 18 places.
"""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core import secrets
from apps.core.ids import public_id
from apps.core.money import Money
from apps.jackpots.rules import Content, LevelRules, Rules, cents, read
from apps.ledger.selectors import currency

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}
ZERO = Decimal(0)


def win_public_id() -> str:
    return public_id("jw")


def base_money(amount: Decimal) -> Money:
    """An exact amount as people see it: whole units of the base currency, rounded down."""
    of = currency(settings.BASE_CURRENCY)
    return Money(cents(amount, of.scale), of)


class Jackpot(models.Model):
    """A jackpot with its levels. It counts bets from `entry_from` of the journal on."""

    code = models.SlugField(max_length=24, unique=True)
    name = models.CharField(max_length=60)
    entry_from = models.BigIntegerField()
    is_paused = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "jackpots_jackpot"
        ordering = ["id"]
        permissions = [
            ("propose_jackpot", "Can propose a jackpot or new rules for one"),
            ("approve_jackpot", "Can approve a jackpot or new rules for one"),
            ("pause_jackpot", "Can pause and resume a jackpot"),
        ]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """The rules of a jackpot from an entry of the journal on. Never changed: the next one is a row.

    A trigger in the database refuses changes.
    """

    jackpot = models.ForeignKey(Jackpot, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    entry_from = models.BigIntegerField()
    content = models.JSONField()
    made_by = models.CharField(max_length=160)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "jackpots_version"
        ordering = ["jackpot_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["jackpot", "number"], name="jackpots_version_number"),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def rules(self) -> Rules:
        content: Content = self.content
        return read(content)


class Level(models.Model):
    """A pot. What came in is what is there and what was won, to the last digit.

    booked: what of pot and reserve, and of unpaid wins, the ledger's accounts hold already.
    """

    jackpot = models.ForeignKey(Jackpot, on_delete=models.PROTECT, related_name="levels")
    code = models.CharField(max_length=24)
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField()
    pool = models.DecimalField(**AMOUNT, default=ZERO)
    reserve = models.DecimalField(**AMOUNT, default=ZERO)
    contributed = models.DecimalField(**AMOUNT, default=ZERO, help_text="Net of rolled-back bets.")
    seeded = models.DecimalField(**AMOUNT, default=ZERO, help_text="Seeds the house paid.")
    won = models.DecimalField(**AMOUNT, default=ZERO, help_text="Without wins declared void.")
    number = models.PositiveIntegerField(default=1, help_text="Of the cycle that runs.")
    bookings = models.PositiveIntegerField(default=0)
    booked_pot = models.DecimalField(**AMOUNT, default=ZERO)
    booked_reserve = models.DecimalField(**AMOUNT, default=ZERO)
    booked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "jackpots_level"
        ordering = ["jackpot_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["jackpot", "code"], name="jackpots_level_code"),
            models.CheckConstraint(
                condition=Q(pool__gte=0, reserve__gte=0), name="jackpots_level_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(pool=F("contributed") + F("seeded") - F("reserve") - F("won")),
                name="jackpots_level_balances",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def pot(self) -> Money:
        return base_money(self.pool)


class Cycle(models.Model):
    """From one seed to the drop. Its secret is committed to when it opens, revealed when it drops.

    named: what the draw is made for, `<jackpot>-<level>:<number>`.
    """

    level = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="cycles")
    number = models.PositiveIntegerField()
    named = models.CharField(max_length=80, unique=True)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    commitment = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    seed = models.CharField(max_length=64, blank=True, help_text="Once it is revealed.")
    created_at = models.DateTimeField()
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    opened_after = models.BigIntegerField(help_text="The last entry of the cycle before.")
    bets = models.PositiveBigIntegerField(default=0)
    last_entry = models.BigIntegerField(null=True, blank=True)
    seen_entry = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "jackpots_cycle"
        constraints = [
            models.UniqueConstraint(fields=["level", "number"], name="jackpots_cycle_number"),
        ]

    def __str__(self) -> str:
        return self.named

    @property
    def place(self) -> str:
        return secrets.place_of(self, "sealed", "named")

    @property
    def rules(self) -> LevelRules:
        """Those in force when it opened: its seed, its secret and its maximum stay."""
        return self.version.rules.level(self.level.code)


class Contribution(models.Model):
    """What one stake gave to one jackpot, so that a rollback takes back exactly that."""

    jackpot = models.ForeignKey(Jackpot, on_delete=models.PROTECT, related_name="+")
    entry_id = models.BigIntegerField()
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    player_id = models.BigIntegerField()
    stake = models.DecimalField(**AMOUNT)
    amount = models.DecimalField(**AMOUNT)
    undone_by = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "jackpots_contribution"
        constraints = [
            models.UniqueConstraint(
                fields=["jackpot", "entry_id"], name="jackpots_contribution_key"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, stake__gt=0), name="jackpots_contribution_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of entry {self.entry_id}"


class Win(models.Model):
    """A drop: drawn by the follower in the order of the journal, paid afterwards, once."""

    class State(models.TextChoices):
        DUE = "due", "due: paid within seconds"
        HELD = "held", "held: staff decide"
        PAID = "paid"
        VOID = "void", "void: in the reserve"

    public_id = models.CharField(max_length=32, unique=True, default=win_public_id)
    cycle = models.OneToOneField(Cycle, on_delete=models.PROTECT, related_name="win")
    level = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="wins")
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    entry_id = models.BigIntegerField(help_text="The bet that won.")
    bet_at = models.DateTimeField()
    stake = models.DecimalField(**AMOUNT)
    bet_number = models.PositiveBigIntegerField()
    is_last_bet = models.BooleanField(default=False, help_text="Nobody bet after the moment.")
    trigger = models.CharField(max_length=40, blank=True)
    pot_before = models.DecimalField(**AMOUNT)
    pot = models.DecimalField(**AMOUNT)
    amount = models.DecimalField(**AMOUNT)
    currency = models.CharField(max_length=8, help_text="What it is paid in: the bet's.")
    state = models.CharField(max_length=8, choices=State, default=State.DUE)
    held_for = models.CharField(max_length=200, blank=True)
    waits_for = models.CharField(max_length=200, blank=True)
    void_from = models.BigIntegerField(
        null=True, blank=True, help_text="The entry at which a void win is in the reserve again."
    )
    is_returned = models.BooleanField(default=False)
    paid = models.DecimalField(**AMOUNT, null=True, blank=True)
    rate = models.DecimalField(max_digits=60, decimal_places=30, null=True, blank=True)
    rate_ids = models.JSONField(default=list, blank=True)
    paid_entry_id = models.BigIntegerField(null=True, blank=True)
    drawn_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "jackpots_win"
        ordering = ["-id"]
        permissions = [
            ("release_win", "Can let a held jackpot win be paid"),
            ("propose_win", "Can propose to declare a held win void"),
            ("approve_win", "Can approve that a held win is void"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="paid") ^ Q(paid=None), name="jackpots_win_paid_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="jackpots_win_amount"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="due"), name="jackpots_win_due"),
            models.Index(fields=["player", "-id"], name="jackpots_win_player"),
            models.Index(fields=["entry_id"], name="jackpots_win_entry"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount_money(self) -> Money:
        return base_money(self.amount)

    @property
    def paid_money(self) -> Money | None:
        return Money.from_major(self.paid, currency(self.currency)) if self.paid else None


class Span(models.Model):
    """From one entry of the journal to another: a pause, or a player who takes part by choice."""

    jackpot = models.ForeignKey(Jackpot, on_delete=models.PROTECT, related_name="spans")
    player = models.ForeignKey(
        "accounts.Player", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Who takes part; nobody: the jackpot is paused.",
    )  # fmt: skip
    entry_from = models.BigIntegerField()
    entry_until = models.BigIntegerField(null=True, blank=True, help_text="The first one after.")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "jackpots_span"
        constraints = [
            models.UniqueConstraint(
                fields=["jackpot", "player"],
                condition=Q(entry_until=None),
                nulls_distinct=False,
                name="jackpots_span_one_open",
            ),
        ]
        indexes = [models.Index(fields=["player", "jackpot"], name="jackpots_span_player")]

    def __str__(self) -> str:
        return f"{self.entry_from} to {self.entry_until}"


class Standing(models.Model):
    """Where a player lived and how they ranked from an entry on, as it was known when it was read.

    Both change later; a rebuild reads what counted then.
    """

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    entry_from = models.BigIntegerField()
    country = models.CharField(max_length=2)
    rank = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "jackpots_standing"
        constraints = [
            models.UniqueConstraint(fields=["player", "entry_from"], name="jackpots_standing_key"),
        ]

    def __str__(self) -> str:
        return f"{self.country}, rank {self.rank}"


class Unvalued(models.Model):
    """A stake in a currency that had no rate yet: it takes no part, also when read again."""

    entry_id = models.BigIntegerField(primary_key=True)
    code = models.CharField(max_length=8)

    class Meta:
        db_table = "jackpots_unvalued"

    def __str__(self) -> str:
        return f"entry {self.entry_id}"


class PartnerPot(models.Model):
    """A jackpot of a game partner, as its feed last told. It is the partner's money."""

    game = models.ForeignKey("games.Game", on_delete=models.CASCADE, related_name="partner_pots")
    level = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    currency = models.CharField(max_length=8)
    amount = models.DecimalField(**AMOUNT)
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "jackpots_partner_pot"
        constraints = [
            models.UniqueConstraint(
                fields=["game", "level", "currency"], name="jackpots_partner_pot_key"
            ),
        ]
        indexes = [models.Index(fields=["-seen_at"], name="jackpots_partner_pot_seen")]

    def __str__(self) -> str:
        return f"{self.name} of {self.game_id}"
