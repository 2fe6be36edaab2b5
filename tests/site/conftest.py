from datetime import date
from typing import Any

import pytest
from django.core.cache import cache

from apps.accounts import services as accounts
from apps.accounts.models import Player, User
from apps.games import play
from tests.site.factories import fund


@pytest.fixture(autouse=True)
def _fresh_counts(settings: Any, request: pytest.FixtureRequest) -> None:
    """Counts of games are held for a minute; tests come faster than that."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": request.node.nodeid,
        }
    }
    cache.clear()
    # Sessions and wallets of another test's database.
    play.forget()


@pytest.fixture
def player(db: None) -> Player:
    """Somebody with 0.04218800 BTC and nothing else."""
    player = accounts.register_player(
        email="alice@example.com",
        password="correct horse battery",
        display_name="alice",
        birth_date=date(1990, 5, 17),
        country="DE",
        terms_accepted=True,
    )
    fund(player, "0.04218800", "BTC")
    return player


@pytest.fixture
def administrator(db: None) -> User:
    return User.objects.create_superuser("root@example.com", "correct horse battery")
