"""The monitoring rules over ledger and payment data, and what their alerts do."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit.models import Alarm, Record
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.ledger.followers import follow
from apps.ledger.models import Block, Entry, Wallet
from apps.payments.models import PayerName
from apps.payments.services import withdrawals
from apps.risk import backtest, linking, rulebook
from apps.risk.errors import NothingChanged, OwnAccount, RuleChanged
from apps.risk.followers import Watch
from apps.risk.models import Alert, Due, RuleVersion
from apps.risk.rules.registry import RULES
from apps.risk.services import alerts, holds, monitoring, standings
from apps.wallet import restrictions
from tests.conftest import PASSWORD, fund, make_player, make_staff
from tests.payments.factories import approval_rule, end_rules, paid_before, request_withdrawal
from tests.rates.factories import set_rates
from tests.risk.factories import ask_out, pay_in, stake

pytestmark = pytest.mark.django_db


@pytest.fixture
def compliance(db: None) -> User:
    return make_staff("compliance")


def change(code: str, by: User, **wanted: object) -> RuleVersion:
    """Change a rule; what is not named stays. Figures are named by `texts`."""
    before = rulebook.current(code)
    texts = dict(before.values) | dict(wanted.pop("texts", {}))
    settings = {
        "mode": before.mode, "effect": before.effect, "weight": before.weight,
        "decide_hours": before.decide_hours, "seen_version": before.version,
        "reason": "For a test",
    } | wanted  # fmt: skip
    return rulebook.change(code, by=by, texts=texts, **settings)


def codes(player: Player, **wanted: object) -> list[str]:
    found = Alert.objects.filter(player=player, **wanted).order_by("code")
    return list(found.values_list("code", flat=True))


@pytest.mark.rule("AML-09")
def test_money_that_only_passes_through_is_found_once_and_held(
    player: Player, compliance: User
) -> None:
    change("no_play", compliance, effect="hold")
    deposit = pay_in(player, "900")
    wanted = ask_out(player, "850")

    made = monitoring.look_at(player.pk)
    again = monitoring.look_at(player.pk)

    alert = next(one for one in made if one.code == "no_play")
    assert again == []
    assert alert.words == (
        "Paid in 900.00 EUR and asked for 850.00 EUR within 72 hours, after staking only 0.00 EUR."
    )
    assert alert.payments == [deposit.public_id, wanted.public_id]
    assert deposit.entry_id in alert.entries
    assert len(alert.entries) == 2
    assert restrictions.stops(player.pk, Block.WITHDRAW)
    assert not restrictions.stops(player.pk, Block.PLAY)
    assert set(Wallet.objects.filter(player=player).values_list("blocks", flat=True)) == {2}
    assert standings.class_of(player.pk) == "medium"
    assert [words for _, words in standings.current(player.pk).reasons] == [
        "Paid in and out without play (open)", "Turnover below one (open)", "Not verified",
    ]  # fmt: skip


@pytest.mark.rule("AML-11")
def test_turnover_below_one_is_a_review_with_a_deadline_and_takes_nothing(
    player: Player, compliance: User
) -> None:
    change("no_play", compliance, mode="off")
    pay_in(player, "500")
    stake(player, "300", win="300")
    ask_out(player, "400")

    (alert,) = monitoring.look_at(player.pk)

    assert (alert.code, alert.effect) == ("turnover", "review")
    assert alert.words == (
        "Deposits of 500.00 EUR were played to 60 % (300.00 EUR) before a withdrawal of 400.00 EUR."
    )
    assert alert.decide_by - alert.found_at == timedelta(hours=72)
    assert not holds.is_clear(player.pk)
    assert not restrictions.stops(player.pk, Block.WITHDRAW)
    balances = Wallet.objects.filter(player=player, balance__gt=0).values_list("purse", "balance")
    assert {(purse, int(sum_)) for purse, sum_ in balances} == {(0, 100), (3, 400)}


@pytest.mark.rule("AML-11")
def test_played_once_over_is_no_alert(player: Player) -> None:
    pay_in(player, "500")
    stake(player, "250", win="250")
    stake(player, "250", win="250")
    ask_out(player, "500")

    assert monitoring.look_at(player.pk) == []


@pytest.mark.rule("AML-11")
def test_a_hold_ends_at_its_deadline_though_nobody_looked_and_the_review_stays(
    player: Player, compliance: User
) -> None:
    change("no_play", compliance, effect="hold")
    pay_in(player, "900")
    ask_out(player, "850")
    monitoring.look_at(player.pk)
    Alert.objects.update(decide_by=now() - timedelta(minutes=1))

    assert monitoring.note_late() == 2
    assert monitoring.note_late() == 0

    assert not restrictions.stops(player.pk, Block.WITHDRAW)
    assert not holds.is_clear(player.pk)
    assert Alarm.objects.filter(code="risk.alert_late").count() == 2


@pytest.mark.rule("AML-09")
def test_each_rule_over_payments_finds_what_it_is_for(compliance: User) -> None:
    change("rapid", compliance, texts={"cycles": "2"})
    change("velocity", compliance, texts={"count": "4"})
    change("instruments", compliance, texts={"count": "3"})
    anna = make_player("anna")
    for card in ("**** 1", "**** 2", "**** 3", "**** 1"):
        pay_in(anna, "1900", account=card)
    ben = make_player("ben")
    for _ in range(2):
        pay_in(ben, "100")
        stake(ben, "100", win="100")
        ask_out(ben, "100")

    monitoring.look_at(anna.pk)
    monitoring.look_at(ben.pk)

    assert codes(anna) == ["instruments", "structuring", "velocity"]
    assert codes(ben) == ["rapid"]
    structuring = Alert.objects.get(player=anna, code="structuring")
    assert structuring.words == (
        "4 deposits just under 2,000.00 EUR within 168 hours, 7,600.00 EUR in all."
    )


@pytest.mark.rule("AML-09")
def test_accounts_that_share_an_instrument_or_a_name_are_found(
    player: Player, other_player: Player
) -> None:
    stranger = make_player("carol")
    pay_in(player, "100", account="**** 4242")
    stake(player, "100", win="100")
    pay_in(other_player, "100", account="**** 4242")
    for one in (player, other_player):
        PayerName.objects.create(player=one, first_name="Ada", last_name="Moss", set_at=now())
    for one in (player, other_player, stranger):
        linking.collect(one.pk)
    ask_out(player, "90", account="**** 4242")

    monitoring.look_at(other_player.pk)
    monitoring.look_at(player.pk)
    monitoring.look_at(stranger.pk)

    (link,) = linking.links_of(player.pk)
    assert link.other_id == other_player.pk
    assert link.strength == 99
    assert link.words == (
        "the same name and birth date (A. M., born 1990); "
        "the same card or bank account (creditcard **** 4242)"
    )
    assert codes(player) == ["relay", "shared"] or codes(player) == ["shared"]
    assert codes(other_player) == ["shared"]
    assert codes(stranger) == []
    shared = Alert.objects.get(player=player, code="shared")
    assert shared.players == [other_player.pk]


@pytest.mark.rule("AML-09")
def test_losses_chased_with_a_linked_account_are_found(
    player: Player, other_player: Player
) -> None:
    pay_in(other_player, "800", account="**** 7")
    stake(other_player, "700")
    pay_in(player, "400", account="**** 7")
    linking.collect(other_player.pk)

    monitoring.look_at(player.pk)

    assert codes(player) == ["chasing", "shared"]
    assert Alert.objects.get(code="chasing").words == (
        "A linked account lost 700.00 EUR, and this one paid in 400.00 EUR within 48 hours."
    )


@pytest.mark.rule("AML-09")
def test_a_shadow_rule_finds_and_nothing_happens(player: Player, compliance: User) -> None:
    change("no_play", compliance, mode="shadow")
    change("turnover", compliance, mode="off")
    pay_in(player, "900")
    ask_out(player, "850")

    (alert,) = monitoring.look_at(player.pk)

    assert (alert.code, alert.is_shadow, alert.version.version) == ("no_play", True, 2)
    assert holds.is_clear(player.pk)
    assert not restrictions.stops(player.pk, Block.WITHDRAW)
    assert standings.current(player.pk).score == 5


@pytest.mark.rule("AML-09")
def test_a_rule_is_changed_by_a_new_version_with_who_and_why(compliance: User) -> None:
    first = rulebook.current("no_play")
    made = change("no_play", compliance, texts={"hours": "24"}, reason="Too many false ones")

    assert [one.version for one in rulebook.history("no_play")] == [2, 1]
    assert (made.by, made.reason, made.values["hours"]) == (compliance, "Too many false ones", "24")
    first.refresh_from_db()
    assert first.ended_at == made.started_at
    row = Record.objects.get(action="risk.rule_changed")
    assert (row.before["values"]["hours"], row.after["values"]["hours"]) == ("72", "24")
    with pytest.raises(NothingChanged):
        change("no_play", compliance)
    with pytest.raises(RuleChanged):
        change("no_play", compliance, texts={"hours": "12"}, seen_version=1)
    for wrong in ("", "x", "0", "-5", "1.5", "99999", "NaN", "1e9"):
        with pytest.raises(InvalidInput):
            change("no_play", compliance, texts={"hours": wrong})
    assert rulebook.current("no_play") == made


@pytest.mark.rule("AML-09")
def test_a_back_test_compares_and_has_no_effect(player: Player, compliance: User) -> None:
    change("no_play", compliance, mode="off")
    pay_in(player, "900")
    stake(player, "400", win="400")
    ask_out(player, "850")
    counts = (Alert.objects.count(), Record.objects.count(), RuleVersion.objects.count())

    same = backtest.run("no_play", rulebook.current("no_play").values, days=7)
    wider = backtest.run("no_play", {"hours": "72", "staked": "50", "amount": "100"}, days=7)

    assert (same.found, same.found_in_force, same.players) == (0, 0, 1)
    (hit,) = wider.added
    assert hit.player == player
    assert "after staking only 400.00 EUR" in hit.words
    assert (wider.gone, wider.kept) == ([], [])
    assert (
        Alert.objects.count(), Record.objects.count(), RuleVersion.objects.count(),
    ) == counts  # fmt: skip
    assert not restrictions.stops(player.pk, Block.WITHDRAW)


@pytest.mark.rule("AML-09")
def test_the_journal_marks_whose_money_moved_and_the_task_looks(player: Player) -> None:
    pay_in(player, "900")
    ask_out(player, "850")
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    Due.objects.all().delete()

    follow(Watch(), newest)
    assert list(Due.objects.values_list("player_id", flat=True)) == [player.pk]
    assert monitoring.look_at_due() == 1

    assert codes(player) == ["no_play", "turnover"]
    assert not Due.objects.exists()


@pytest.mark.rule("AML-09")
def test_a_rule_that_fails_does_not_keep_others_from_being_looked_at(
    player: Player, other_player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay_in(other_player, "900")
    ask_out(other_player, "850")
    real = monitoring.look_at

    def look(player_id: int, **options: object) -> list[Alert]:
        if player_id == player.pk:
            raise ZeroDivisionError
        return real(player_id, **options)

    monkeypatch.setattr(monitoring, "look_at", look)
    Due.objects.all().delete()
    monitoring.mark([player.pk, other_player.pk])

    monitoring.look_at_due()

    assert codes(other_player) == ["no_play", "turnover"]
    assert Alarm.objects.filter(code="risk.not_monitored", subject=str(player.pk)).count() == 1


@pytest.mark.rule("AML-09", "PAY-13")
def test_money_under_review_is_never_approved_by_a_rule(
    player: Player, compliance: User, settings: object
) -> None:
    """The rules look inside the request, before a rule of automatic approval could let it go."""
    settings.WITHDRAWAL_AUTO_APPROVAL = True
    settings.PAYMENTS_TESTNET = True
    set_rates(BTC="50000")
    end_rules()
    fund(player, "0.6")
    approval_rule(amount_max=1)
    paid_before(player)
    end_rules()
    Player.objects.filter(pk=player.pk).update(
        rank=2, kyc_level=2, created_at=now() - timedelta(days=90)
    )
    approval_rule(amount_max=600)
    player.refresh_from_db()
    Alert.objects.all().delete()
    Due.objects.all().delete()
    pay_in(player, "900")

    made = request_withdrawal(player, "0.012")

    assert (made.state, made.approved_rule) == ("requested", None)
    assert not Alert.objects.exists()  # in a request the rules only read
    monitoring.look_at(player.pk)
    assert codes(player) == ["no_play", "turnover"]
    assert withdrawals.approve_by_rule(made) is False
    for alert in Alert.objects.all():
        alerts.clear(alert.public_id, by=compliance, reason="Talked to the player")
    assert withdrawals.approve_by_rule(made) is True


def test_who_decides_clears_the_hold_and_nobody_decides_about_themselves(
    player: Player, compliance: User
) -> None:
    change("no_play", compliance, effect="hold")
    pay_in(player, "900")
    ask_out(player, "850")
    made = monitoring.look_at(player.pk)
    alert = next(one for one in made if one.code == "no_play")
    with pytest.raises(InvalidInput):
        alerts.clear(alert.public_id, by=compliance, reason=" ")
    with pytest.raises(OwnAccount):
        alerts.clear(alert.public_id, by=player.user, reason="Mine")

    alerts.clear(alert.public_id, by=compliance, reason="A refund between friends")

    assert not restrictions.stops(player.pk, Block.WITHDRAW)
    assert holds.is_clear(player.pk) is False  # the turnover is still to be looked at
    row = Record.objects.filter(action="risk.alert_cleared").get()
    assert row.reason == "A refund between friends"


def test_the_player_reads_neutral_words(player: Player, compliance: User, client: Client) -> None:
    change("no_play", compliance, effect="hold")
    pay_in(player, "900")
    ask_out(player, "850")
    monitoring.look_at(player.pk)
    client.login(email=player.user.email, password=PASSWORD)

    body = client.get("/wallet/withdraw/?currency=BTC&rail=BTC").content.decode()

    assert holds.WORDS in body
    for word in ("no_play", "without play", "monitoring", "suspic", "turnover"):
        assert word not in body.lower(), word


def test_every_rule_reads_its_own_defaults() -> None:
    for code, rule in RULES.items():
        assert rule.read(rule.defaults()), code
        assert len(code) <= 32


@pytest.mark.rule("AML-09")
@pytest.mark.parametrize(
    ("address", "expected"), [("8.8.8.8", ["networks"]), ("127.0.0.1", []), ("10.1.2.3", [])]
)
def test_many_accounts_of_one_network_are_told_and_a_private_one_says_nothing(
    address: str, expected: list[str]
) -> None:
    made = [make_player() for _ in range(4)]
    Player.objects.filter(pk__in=[one.pk for one in made]).update(terms_ip=address)

    monitoring.look_at(made[-1].pk)

    assert codes(made[-1]) == expected
