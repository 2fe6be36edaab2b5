from typing import Any

import pytest

from apps.operator.roles import PERMISSIONS
from tests.operator.factories import World, make_staff, make_world


@pytest.fixture(autouse=True)
def _counters_of_failed_tries_start_at_zero(settings: Any, request: pytest.FixtureRequest) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": request.node.nodeid,
        }
    }


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def people(db: None) -> dict[str, object]:
    """One member of staff for each role."""
    return {role: make_staff(role) for role in PERMISSIONS}
