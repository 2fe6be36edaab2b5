from collections.abc import Iterator

import pytest

from apps.ledger.models import Currency
from apps.payments.models import Rail


@pytest.fixture(autouse=True)
def _reference_data_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """Rails and currencies outlive a test that commits: what it changed is put back."""
    if "coinspaid" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    rails, currencies = list(Rail.objects.all()), list(Currency.objects.all())
    yield
    for row in [*rails, *currencies]:
        row.save()
