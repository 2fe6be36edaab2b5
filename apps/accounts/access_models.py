"""What guards an account: how somebody signed in, from which device, with which codes; and consents."""

from typing import Any

from django.conf import settings
from django.db import models

from apps.core.ids import public_id


class SignIn(models.Model):
    """One sign-in. Its public id names the session in bets, payments and audit rows, for ever."""

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField()
    method = models.CharField(max_length=40, help_text="What the person showed, in this order.")
    ip = models.GenericIPAddressField(null=True, blank=True)
    place = models.CharField(max_length=2, blank=True, help_text="Country of the address.")
    user_agent = models.CharField(max_length=255, blank=True)

    class Meta:
        db_table = "accounts_sign_in"
        indexes = [models.Index(fields=["player", "-id"], name="accounts_sign_in_player")]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("si")
        super().save(*args, **kwargs)


class FailedTry(models.Model):
    """A sign-in that failed, by account or by the name that was typed; only its hash is kept."""

    key = models.CharField(max_length=64)
    ip = models.GenericIPAddressField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "accounts_failed_try"
        indexes = [
            models.Index(fields=["key", "at"], name="accounts_failed_try_key"),
            models.Index(fields=["at"], name="accounts_failed_try_at"),
        ]

    def __str__(self) -> str:
        return f"Failed try {self.pk}"


class KnownDevice(models.Model):
    """A browser the player has signed in with; it holds the token, we hold its hash."""

    player = models.ForeignKey("accounts.Player", on_delete=models.CASCADE, related_name="devices")
    token_hash = models.CharField(max_length=64)
    user_agent = models.CharField(max_length=255, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        db_table = "accounts_known_device"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "token_hash"], name="accounts_known_device_once"
            )
        ]

    def __str__(self) -> str:
        return f"Device {self.pk}"


class OneTimeCode(models.Model):
    """A code that was sent to somebody: for one purpose, one target, one session, once."""

    class Purpose(models.TextChoices):
        PHONE = "phone", "show that a phone number is theirs"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.CASCADE, related_name="codes")
    purpose = models.CharField(max_length=16, choices=Purpose)
    target = models.CharField(max_length=254)
    code_hash = models.CharField(max_length=64)
    session_mark = models.CharField(max_length=64)
    # Until it has been handed to whoever sends it.
    sealed = models.BinaryField(null=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "accounts_one_time_code"
        indexes = [
            models.Index(fields=["player", "purpose", "-id"], name="accounts_code_player"),
            models.Index(fields=["expires_at"], name="accounts_code_expires"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("oc")
        super().save(*args, **kwargs)


class Phone(models.Model):
    """A player's phone number, kept only once they have shown that it is theirs."""

    player = models.OneToOneField("accounts.Player", primary_key=True, on_delete=models.CASCADE)
    number = models.CharField(max_length=16, help_text="As +4915112345678.")
    confirmed_at = models.DateTimeField()

    class Meta:
        db_table = "accounts_phone"
        constraints = [models.UniqueConstraint(fields=["number"], name="accounts_phone_number")]

    def __str__(self) -> str:
        return f"Phone of {self.player_id}"


class SealedSecret(models.Model):
    """What an authenticator must not show to who reads the database; allauth keeps the public id."""

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    sealed = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "accounts_sealed_secret"

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("sx")
        super().save(*args, **kwargs)


class Consent(models.Model):
    """Whether a player wants offers of one product by one channel. Without a row: no."""

    class Channel(models.TextChoices):
        EMAIL = "email", "by mail"
        SMS = "sms", "by text message"
        SITE = "site", "on the site"

    class Product(models.TextChoices):
        CASINO = "casino", "Slots and tables"
        LIVE = "live", "Live casino"
        ORIGINALS = "originals", "Originals"

    player = models.ForeignKey("accounts.Player", on_delete=models.CASCADE, related_name="consents")
    channel = models.CharField(max_length=8, choices=Channel)
    product = models.CharField(max_length=12, choices=Product)
    is_given = models.BooleanField()
    source = models.CharField(max_length=24, help_text="Through which door it was said.")
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "accounts_consent"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "channel", "product"], name="accounts_consent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.product}: {'yes' if self.is_given else 'no'}"


class ErasureRequest(models.Model):
    """A player's wish that we forget them, what became of it, and what a law made us keep."""

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn", "taken back"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.CASCADE, related_name="erasures")
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    result = models.JSONField(
        null=True, blank=True, help_text="What was blanked and what was kept."
    )

    class Meta:
        db_table = "accounts_erasure_request"
        constraints = [
            models.UniqueConstraint(
                fields=["player"],
                condition=models.Q(state="open"),
                name="accounts_erasure_one_open",
            )
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="accounts_erasure_due")]
        permissions = [("decide_erasure", "Carry out or refuse a request to be forgotten")]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("er")
        super().save(*args, **kwargs)
