"""What staff may do beyond reading, and staff themselves as the back office sees them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django_otp.models import Device, DeviceManager

from apps.accounts.models import User, UserManager


class Duty(models.Model):
    """Owns the permissions that are acts, not reads. It has no table and no rows."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions: ClassVar = [
            ("view_dashboard", "See the revenue dashboard"),
            ("view_payment_board", "See how payments fare"),
            ("view_timeline", "Read a player's timeline"),
            ("reveal_identity", "See a player's e-mail address (logged)"),
            ("change_player_status", "Suspend, restore or close a player"),
            ("change_player_rank", "Put a player into a VIP rank"),
            ("change_player_kyc", "Say how far a player is verified"),
            ("unfreeze_payouts", "Freeze and open a player's payouts"),
            ("export_data", "Export lists (logged)"),
            ("switch_games", "Switch games on and off, stop and resume play"),
            ("manage_partners", "Sync catalogues and hold circuits of game partners"),
            ("manage_collections", "Arrange collections and tag games"),
            ("resolve_rounds", "Ask about, close and escalate rounds that do not end"),
            ("set_win_caps", "Set the largest win of a bet"),
            ("replay_callbacks", "Replay a partner's callback"),
            ("retry_deliveries", "Retry an event that was not handled"),
            ("resolve_alarms", "Resolve alarms"),
            ("manage_staff", "Create staff, propose roles, reset second factors"),
            ("approve_staff", "Approve a role that another person proposed"),
            ("ask_emergency", "Ask for emergency access"),
            ("approve_emergency", "Approve the emergency access of another person"),
            ("view_access_report", "See staff accounts and their rights as a report"),
            ("view_significant", "See significant events as a report"),
            ("run_verifier", "Have the trail, the journal and the release verified"),
        ]


class StaffManager(UserManager):
    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().filter(is_staff=True)


class Staff(User):
    """A user who works here. The same row as `accounts.User`."""

    objects: ClassVar[StaffManager] = StaffManager()  # type: ignore[misc]  # narrower than User's

    class Meta:
        proxy = True
        verbose_name = "staff member"
        verbose_name_plural = "staff"


class Passkey(Device):  # type: ignore[misc]  # untyped base
    """A key of a member of staff that answers for this site's own address only.

    A device of django-otp, so the session names it as it names an authenticator.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=64)
    credential_id = models.BinaryField(unique=True)
    # What the authenticator handed over: its id and public key, as WebAuthn packs them.
    credential = models.BinaryField()
    uses = models.BigIntegerField(default=0, help_text="The key's own counter; 0 when it has none.")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Passkey"]] = DeviceManager()

    class Meta:
        db_table = "operator_passkey"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.name)


class EmergencyAccess(models.Model):
    """More rights for hours, given by a second person; who had them, why, and when it was over."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="emergencies"
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=160, blank=True)

    class Meta:
        db_table = "operator_emergency"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(ended_at=None),
                name="operator_emergency_one_open",
            ),
            models.CheckConstraint(
                condition=~models.Q(given_by=models.F("user")), name="operator_emergency_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} until {self.until:%Y-%m-%d %H:%M}"


class VerifierRun(models.Model):
    """One verification of the trail, the journal or the program, and what it found."""

    class What(models.TextChoices):
        TRAIL = "trail", "audit trail"
        JOURNAL = "journal", "ledger"
        RELEASE = "release", "program files"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        PASSED = "passed"
        FAILED = "failed", "something is not as it was written"

    what = models.CharField(max_length=16, choices=What)
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    checked = models.BigIntegerField(default=0, help_text="How many rows or files.")
    found = models.IntegerField(default=0)
    findings = models.JSONField(default=list, help_text="The first of them, in order.")

    class Meta:
        db_table = "operator_verifier_run"
        default_permissions = ()
        constraints = [
            # A button pressed twice starts it once.
            models.UniqueConstraint(
                fields=["what"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="operator_verifier_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.asked_at:%Y-%m-%d %H:%M}"
