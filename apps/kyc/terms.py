"""The values of a player's jurisdiction that verification goes by.

They are kept by a sibling app; `settings.KYC_PROFILE` names who knows them.
"""

from decimal import Decimal
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from apps.accounts.models import Player
from apps.kyc import levels


class Terms(Protocol):
    """Read-only: what the profile of a jurisdiction says about identity."""

    @property
    def name(self) -> str: ...
    @property
    def age_min(self) -> int: ...
    @property
    def kyc_before_deposit(self) -> bool: ...
    @property
    def kyc_before_withdrawal(self) -> bool: ...
    @property
    def kyc_value(self) -> Decimal: ...
    @property
    def kyc_linked_days(self) -> int: ...
    @property
    def documents(self) -> tuple[str, ...]: ...
    @property
    def document_grace_days(self) -> int: ...


def terms_of(player: Player) -> Terms:
    return cast("Terms", import_string(settings.KYC_PROFILE)(player))


def withdrawal_level(terms: Terms) -> int:
    """Which level the first withdrawal needs."""
    if terms.kyc_before_deposit:
        return levels.IDENTITY.number
    return settings.KYC_WITHDRAWAL_LEVEL if terms.kyc_before_withdrawal else 0
