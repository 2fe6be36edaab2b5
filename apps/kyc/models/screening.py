"""Watch lists (sanctions, politically exposed people), who was held against them, and what was found."""

from django.conf import settings
from django.db import models

from apps.core.ids import public_id


class WatchList(models.Model):
    """A version of our list, as it was read. The newest row is in force."""

    version = models.CharField(max_length=80, help_text="As the file names itself.")
    sha256 = models.CharField(max_length=64, unique=True)
    entries_count = models.PositiveIntegerField()
    read_at = models.DateTimeField()
    swept_at = models.DateTimeField(null=True, blank=True, help_text="All players were looked at.")
    swept_to = models.BigIntegerField(default=0, help_text="Up to this player.")

    class Meta:
        db_table = "kyc_watch_list"

    def __str__(self) -> str:
        return self.version


class Screening(models.Model):
    """One look at the lists for one player."""

    class Why(models.TextChoices):
        ONBOARDING = "onboarding"
        WITHDRAWAL = "withdrawal"
        LIST = "list", "the list changed"
        PROVIDER = "provider"

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=12, choices=Why)
    list_sha256 = models.CharField(max_length=64, blank=True)
    hits_count = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "kyc_screening"
        indexes = [models.Index(fields=["player", "-at"], name="kyc_screening_player")]

    def __str__(self) -> str:
        return f"{self.why} of {self.player_id}"


class Hit(models.Model):
    """An entry of a list that looks like a player. For those who decide on it alone."""

    class State(models.TextChoices):
        OPEN = "open"
        FALSE = "false", "not this person"
        TRUE = "true", "this person"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=16, help_text="`list`, or the provider that said it.")
    hit_ref = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    grounds = models.JSONField(default=list)
    lists = models.JSONField(default=list)
    birth_years = models.JSONField(default=list)
    match_text = models.CharField(max_length=160, help_text="What is alike, in words.")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    is_accepted = models.BooleanField(
        default=False, help_text="It is this person, and the risk is taken: nothing is held."
    )
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "kyc_hit"
        permissions = [("decide_hit", "Decide on hits of watch lists")]
        constraints = [
            models.UniqueConstraint(fields=["player", "source", "hit_ref"], name="kyc_hit_once")
        ]
        indexes = [
            models.Index(fields=["found_at"], name="kyc_hit_open", condition=models.Q(state="open"))
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.public_id:
            self.public_id = public_id("hit")
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own
