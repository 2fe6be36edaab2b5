"""What accounts keeps about a player, for the export and for forgetting them (privacy.py)."""

from collections.abc import Mapping

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings

from apps.accounts import consents, second_factor
from apps.accounts.models import (
    ApiKey,
    Consent,
    KnownDevice,
    OneTimeCode,
    Phone,
    Player,
    SignIn,
)
from apps.accounts.privacy import Kept, Rows
from apps.core.clock import now

MONEY_LAUNDERING = "Law against money laundering: who our customers are is kept after they leave."
GONE = "gone.invalid"


class Account:
    name = "account"

    def export(self, player: Player) -> Mapping[str, Rows]:
        user = player.user
        profile = {
            "id": player.public_id,
            "display_name": player.display_name,
            "email": user.email,
            "birth_date": player.birth_date,
            "country": player.country,
            "status": player.status,
            "rank": player.rank,
            "verification_level": player.kyc_level,
            "terms_version": player.terms_version,
            "terms_accepted_at": player.terms_accepted_at,
            "terms_accepted_from": player.terms_ip,
            "hides_name": player.hides_name,
            "registered_at": player.created_at,
            "seen_at": player.seen_at,
        }
        return {
            "profile": [profile],
            "email_addresses": EmailAddress.objects.filter(user=user).values("email", "verified"),
            "phone": Phone.objects.filter(player=player).values("number", "confirmed_at"),
            "sign_ins": SignIn.objects.filter(player=player)
            .values("public_id", "at", "method", "ip", "place", "user_agent")
            .iterator(),
            "sessions": UserSession.objects.filter(user=user).values(
                "created_at", "last_seen_at", "ip", "user_agent"
            ),
            "known_browsers": KnownDevice.objects.filter(player=player).values(
                "user_agent", "ip", "first_seen_at", "last_seen_at"
            ),
            "second_factors": Authenticator.objects.filter(user=user).values(
                "type", "created_at", "last_used_at"
            ),
            "consents": Consent.objects.filter(player=player).values(
                "channel", "product", "is_given", "source", "changed_at"
            ),
            "api_keys": ApiKey.objects.filter(player=player).values(
                "name", "prefix", "scopes", "created_at", "used_at", "revoked_at"
            ),
        }

    def obstacle(self, player: Player) -> str:
        excluded = {Player.Status.SELF_EXCLUDED, Player.Status.TIMED_OUT}
        if player.status in excluded:
            return "While you are excluded we have to know you, so that nobody lets you in."
        if player.status == Player.Status.LOCKED:
            return "Your account is being looked at. Ask again when that is over."
        return ""

    def erase(self, player: Player) -> list[Kept]:
        user = player.user
        consents.choose(player=player, wanted=set(), source="erasure")
        second_factor.remove_all(player=player, actor=player, reason="forgotten")
        for session in UserSession.objects.filter(user=user):
            session.end()
        for rows in (KnownDevice, OneTimeCode, Phone, ApiKey):
            rows._default_manager.filter(player=player).delete()
        SignIn.objects.filter(player=player).update(ip=None, place="", user_agent="")
        EmailAddress.objects.filter(user=user).delete()
        pseudonym = f"gone-{player.public_id[-12:]}"
        player.display_name, player.hides_name = pseudonym, True
        player.terms_ip = None
        player.save(update_fields=["display_name", "hides_name", "terms_ip"])
        user.username, user.is_active = None, False
        user.set_unusable_password()
        user.email = f"{pseudonym}@{GONE}"
        user.save()
        years = settings.PERSONAL_KEEP_YEARS
        return [
            Kept(
                what="Birth date and country of residence",
                why=MONEY_LAUNDERING,
                until=f"{now().year + years}, {years} years after today",
            ),
            Kept(
                what="That you accepted the terms, and when; that you signed in, and when",
                why="So that claims for and against you can be decided.",
                until=f"{now().year + years}, {years} years after today",
            ),
        ]
