"""Limits, breaks from play, and what the journal adds up to for them."""

from apps.limits.models.accounts import DormancyNotice
from apps.limits.models.exclusions import Exclusion
from apps.limits.models.harm import HarmCase, HarmDay, Interaction
from apps.limits.models.limits import (
    Ceiling,
    Limit,
    LimitKind,
    LimitOwner,
    LimitRequest,
    Window,
)
from apps.limits.models.profiles import ProfileChange
from apps.limits.models.registers import RegisterCheck
from apps.limits.models.sessions import (
    HelpLink,
    PlayerChoices,
    PlaySession,
    RealityCheck,
    SessionPlan,
)
from apps.limits.models.terms import TermsAcceptance
from apps.limits.models.usage import DepositCount, PlayHour

__all__ = [
    "Ceiling",
    "DepositCount",
    "DormancyNotice",
    "Exclusion",
    "HarmCase",
    "HarmDay",
    "HelpLink",
    "Interaction",
    "Limit",
    "LimitKind",
    "LimitOwner",
    "LimitRequest",
    "PlayHour",
    "PlaySession",
    "PlayerChoices",
    "ProfileChange",
    "RealityCheck",
    "RegisterCheck",
    "SessionPlan",
    "TermsAcceptance",
    "Window",
]
