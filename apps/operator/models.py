"""What staff may do beyond reading, and staff themselves as the back office sees them."""

from typing import ClassVar

from django.db import models

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
            ("manage_staff", "Create staff, set roles, reset second factors"),
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
