from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from tests.kyc.factories import make_reviewer


@pytest.fixture(autouse=True)
def _papers_lie_in_a_folder_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.KYC_DIR = tmp_path / "kyc"
    settings.KYC_WITHDRAWAL_LEVEL = 1


@pytest.fixture
def reviewer(db: None) -> User:
    return make_reviewer()


@pytest.fixture
def second_reviewer(db: None) -> User:
    return make_reviewer("second")
