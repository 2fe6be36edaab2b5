"""The schema tells of every call which scope a key needs, or that no key may make it."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from apps.accounts.api.permissions import IsPlayer, scope_of

KEY = "API key"


class ScopedSchema(AutoSchema):  # type: ignore[misc]  # drf-spectacular is skipped by mypy
    def get_auth(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().get_auth()
        if self._is_for_players() and scope_of(self.view, self.method) is None:
            return [one for one in found if KEY not in one]
        return found

    def get_description(self) -> str:
        words: str = super().get_description()
        if not self._is_for_players():
            return words
        scope = scope_of(self.view, self.method)
        asked = f"Scope of a key: `{scope}`." if scope else "Not open to API keys."
        return f"{words}\n\n{asked}".strip()

    def _is_for_players(self) -> bool:
        return any(isinstance(one, IsPlayer) for one in self.view.get_permissions())
