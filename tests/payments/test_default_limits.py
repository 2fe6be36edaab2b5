"""What a new casino starts with: sums by rank, put in force by a person."""

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Player, User
from apps.audit.models import Record
from apps.payments import default_limits, limits
from apps.payments import selectors as payments
from apps.payments.models import LimitRule
from apps.payments.services import rules
from tests.rates.factories import set_rates
from tests.statements.factories import money

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("rank", "day"), [(0, 10_000), (2, 25_000), (3, 50_000), (9, 100_000)])
def test_a_rank_has_its_sums(player: Player, administrator: User, rank: int, day: int) -> None:
    set_rates(BTC="50000")
    default_limits.put_in_force(by=administrator)
    player.rank = rank

    of = limits.terms("withdrawal", player, payments.rail("BTC"))

    assert of.value("day_sum") == day
    assert limits.problem(of, money(str(Decimal(day) / 50_000))) is None
    found = limits.problem(of, money(str(Decimal(day) / 50_000 + Decimal("0.001"))))
    assert found is not None
    assert found.code == "day_sum"


def test_a_second_time_adds_nothing_and_keeps_what_was_changed(administrator: User) -> None:
    made = default_limits.put_in_force(by=administrator)
    rules.end(made[0], by=administrator, reason="Not here")

    assert len(made) == len(default_limits.SUMS)
    assert default_limits.put_in_force(by=administrator) == []
    assert Record.objects.filter(action="rule.added").count() == len(made)


def test_the_command_needs_somebody_who_may(
    administrator: User, support: User, capsys: pytest.CaptureFixture[str]
) -> None:
    before = LimitRule.objects.count()
    for email in (support.email, "nobody@example.com"):
        with pytest.raises(CommandError, match="may not change limits"):
            call_command("default_limits", "--by", email)
    assert LimitRule.objects.count() == before

    call_command("default_limits", "--by", administrator.email)

    assert "8 rules are new" in capsys.readouterr().out
