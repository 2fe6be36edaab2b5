"""Personal data as staff see it before they ask for it; some roles never see more."""

from typing import Any

from apps.core.masking import SEES, masked_email, masked_text

__all__ = ["masked_email", "masked_text", "may_see_identities"]


def may_see_identities(user: Any) -> bool:
    """Whether this role may see whose data it is; others get it masked."""
    return bool(user.has_perm(SEES))
