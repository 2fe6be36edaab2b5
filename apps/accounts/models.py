"""People: who signs in, who plays, and the keys their programs use."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower

from apps.accounts.access_models import (
    Consent,
    ErasureRequest,
    FailedTry,
    KnownDevice,
    OneTimeCode,
    Phone,
    SealedSecret,
    SignIn,
)
from apps.accounts.emails import folded
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.ids import public_id

__all__ = [
    "ApiKey",
    "Consent",
    "ErasureRequest",
    "FailedTry",
    "KnownDevice",
    "OneTimeCode",
    "Phone",
    "Player",
    "SealedSecret",
    "SignIn",
    "User",
]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def by_name(self, name: str) -> "User | None":
        """Whoever this e-mail address or player name means; one query in either case."""
        name = name.strip()
        if not name or "\x00" in name:
            return None
        if "@" not in name:
            return self.filter(username__iexact=name).first()
        found = self.filter(email__iexact=name).first()
        # An address that was added and confirmed, but is not the first one.
        return (
            found
            or self.filter(emailaddress__email__iexact=name, emailaddress__verified=True).first()
        )


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in: a player (has a `player`) or staff, never both."""

    email = models.EmailField()
    # Which mailbox it is, whatever the spelling (emails.py); follows the address.
    email_folded = models.CharField(max_length=254, default="", editable=False)
    # A player's display name, by which they may sign in too; staff have none.
    username = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001  # unique, and not everybody has one
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        db_table = "accounts_user"
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email"),
            models.UniqueConstraint(Lower("username"), name="accounts_user_username"),
        ]
        indexes = [models.Index(fields=["email_folded"], name="accounts_user_folded")]

    def __str__(self) -> str:
        return self.email

    _loaded_email: str | None = None

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> "User":
        user = super().from_db(db, field_names, values, **kwargs)
        user._loaded_email = user.__dict__.get("email")
        return user

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep when a player's address changed: payouts wait after that.

        allauth writes the address from several of its flows; every one of them comes through here.
        """
        before = self._loaded_email
        self.email_folded = folded(self.email)
        if (fields := kwargs.get("update_fields")) is not None and "email" in fields:
            kwargs["update_fields"] = {*fields, "email_folded"}
        if self.pk is None or before is None or before == self.email:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            super().save(*args, **kwargs)
            if Player.objects.filter(pk=self.pk).update(credentials_changed_at=now()):
                audit.record("player.email_changed", actor=self, subject=self)
        self._loaded_email = self.email


class Player(models.Model):
    """A customer. The primary key is the user's, so one number means one person everywhere."""

    class Status(models.TextChoices):
        PENDING = "pending", "pending: not verified yet"
        ACTIVE = "active"
        LOCKED = "locked", "locked: nothing moves until its owner is known"
        SUSPENDED = "suspended", "suspended: may not play or pay in"
        TIMED_OUT = "timed_out", "timed out"
        SELF_EXCLUDED = "self_excluded", "self-excluded"
        DORMANT = "dormant", "dormant: nobody came for long"
        CLOSED = "closed"

    user = models.OneToOneField(User, primary_key=True, on_delete=models.PROTECT)
    public_id = models.CharField(max_length=32, unique=True, editable=False)
    display_name = models.CharField(max_length=20)
    birth_date = models.DateField()
    country = models.CharField(max_length=2)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    rank = models.PositiveSmallIntegerField(default=0, help_text="VIP rank, 0 is everybody's.")
    kyc_level = models.PositiveSmallIntegerField(
        default=0, help_text="How far the person is verified: 0 not at all, 3 completely."
    )
    credentials_changed_at = models.DateTimeField(
        null=True, blank=True, help_text="Last change of password or e-mail address."
    )
    terms_version = models.CharField(max_length=16)
    terms_accepted_at = models.DateTimeField()
    terms_ip = models.GenericIPAddressField(null=True, blank=True)
    wants_marketing = models.BooleanField(default=False)
    hides_name = models.BooleanField(
        default=False, help_text="Other players do not see whose bets these are."
    )
    active_currency = models.CharField(max_length=8, default="BTC")
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "accounts_player"
        constraints = [
            models.UniqueConstraint(Lower("display_name"), name="accounts_player_display_name"),
        ]
        indexes = [models.Index(fields=["-seen_at"], name="accounts_player_seen")]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("pl")
        super().save(*args, **kwargs)

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class ApiKey(models.Model):
    """A player's own key for programs. Only its hash is kept; the key is shown once."""

    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=40)
    prefix = models.CharField(max_length=16, unique=True)
    key_hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "accounts_api_key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
