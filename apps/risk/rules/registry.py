"""Every rule there is. A new one is a function and an entry in a list; its row makes itself."""

from apps.core.errors import NotFound
from apps.risk.rules import flow, people
from apps.risk.rules.base import Rule

RULES: dict[str, Rule] = {one.code: one for one in (*flow.RULES, *people.RULES)}


def rule(code: str) -> Rule:
    """Raises NotFound."""
    found = RULES.get(code)
    if found is None:
        raise NotFound
    return found
