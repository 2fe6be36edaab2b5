"""The demo's people of the verification desk."""

from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from apps.accounts.services import register_player
from apps.demo import verification
from apps.demo.people import APPLICANTS
from apps.kyc import selectors
from apps.kyc.models import Case, Hit, PersonMatch

pytestmark = pytest.mark.django_db


def test_there_is_somebody_at_every_stage(reviewer: User, settings: Any, tmp_path: Path) -> None:
    settings.WATCH_LIST_FILE = str(tmp_path / "list.json")
    verification.write_list()
    people = [
        register_player(
            email=one.email, password="correct horse battery", display_name=one.name,
            birth_date=one.born_on, country=one.country, terms_accepted=True,
        )
        for one in APPLICANTS
    ]  # fmt: skip

    for _ in range(2):
        verification.furnish(people=people, reviewer=reviewer, say=lambda _text: None)

    states = {(one.level, one.state) for one in Case.objects.all()}
    assert states == {
        (1, "approved"), (1, "in_review"), (2, "in_review"), (2, "retry"), (2, "approved"),
        (3, "in_review"),
    }  # fmt: skip
    assert [one.agreed for one in selectors.queue(level=3)] == [1]
    assert (PersonMatch.objects.count(), Hit.objects.count()) == (1, 1)
