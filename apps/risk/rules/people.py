"""Rules over who pays with what, from where, and together with whom."""

from collections.abc import Iterator
from hashlib import sha256

from apps.accounts.models import Player
from apps.risk import linking, location
from apps.risk.facts import Facts, net_result
from apps.risk.models import RuleVersion, Trace
from apps.risk.rules.base import Figure, Finding, Rule, Values, days, hours, money, total

Effect, Mode = RuleVersion.Effect, RuleVersion.Mode
PEOPLE_NAMED = 10


def _instruments(facts: Facts, values: Values) -> Iterator[Finding]:
    span = days(values["days"])
    both = [*facts.payments("in", within=span), *facts.payments("out", within=span)]
    used = {one.instrument for one in both if one.instrument}
    if len(used) < values["count"]:
        return
    newest = max(one.at for one in both if one.instrument)
    yield Finding(
        window=f"{newest:%Y-%m}:{len(used)}",
        words=f"{len(used)} cards, accounts and addresses within {values['days']} days.",
        figures=[("Instruments", str(len(used))), ("Payments", str(len(both)))],
        payments=tuple(one for one in both if one.instrument),
    )


def _shared(facts: Facts, values: Values) -> Iterator[Finding]:
    strong = [one for one in facts.links if one.strength >= values["strength"]]
    if len(strong) < values["count"]:
        return
    others = sorted(one.other_id for one in strong)
    named = {
        player.pk: player.display_name
        for player in Player.objects.filter(pk__in=others[:PEOPLE_NAMED])
    }
    yield Finding(
        window=_short(others),
        words=(
            f"{len(strong)} other account{'s' if len(strong) > 1 else ''} share"
            f"{'' if len(strong) > 1 else 's'} {strong[0].words}."
        )[:500],
        figures=[
            (named.get(one.other_id, str(one.other_id)), f"{one.strength}: {one.words}"[:300])
            for one in strong[:PEOPLE_NAMED]
        ],
        players=tuple(others),
    )


def _networks(facts: Facts, values: Values) -> Iterator[Finding]:
    """Many accounts made at one network address in a short time; a private one says nothing."""
    ip = facts.player.terms_ip
    if not ip or not linking.network_of(str(ip)):
        return
    until = facts.player.created_at
    others = list(
        Player.objects.filter(
            terms_ip=ip, created_at__lte=until, created_at__gte=until - hours(values["hours"])
        )
        .order_by("pk")
        .values_list("pk", flat=True)[:100]
    )
    if len(others) < values["count"]:
        return
    yield Finding(
        window=f"{until:%Y-%m-%d}",
        words=f"{len(others)} accounts were made at one network address within {values['hours']} hours.",
        figures=[("Accounts", str(len(others))), ("Network address", str(ip))],
        players=tuple(one for one in others if one != facts.player_id),
    )


def _country(facts: Facts, values: Values) -> Iterator[Finding]:
    """Residence against where payments and sign-ins come from."""
    lives_in = facts.player.country
    span = days(values["days"])
    both = [*facts.payments("in", within=span), *facts.payments("out", within=span)]
    elsewhere = [one for one in both if one.country and one.country != lives_in]
    seen = location.countries_seen(facts.player_id, facts.at - span, facts.at)
    places = sorted({one.country for one in elsewhere} | {one for one in seen if one != lives_in})
    if len(places) < values["count"]:
        return
    yield Finding(
        window=f"{lives_in}:{','.join(places)}"[:80],
        words=f"Lives in {lives_in}, and pays or signs in from {', '.join(places)}.",
        figures=[
            ("Residence", lives_in),
            ("Payments from", ", ".join(sorted({one.country for one in elsewhere})) or "–"),
            ("Signed in from", ", ".join(sorted(seen)) or "–"),
        ],
        payments=tuple(elsewhere),
    )


def _chasing(facts: Facts, values: Values) -> Iterator[Finding]:
    """One account loses, and a linked one pays in shortly after."""
    span = hours(values["hours"])
    came = facts.payments("in", within=span)
    others = [one.other_id for one in facts.links if one.strength >= values["strength"]]
    if not came or not others or total(came) < values["amount"]:
        return
    for other in others:
        lost = -net_result(other, since=came[0].at - span, until=came[0].at)
        if lost < values["lost"]:
            continue
        yield Finding(
            window=f"{other}:{came[0].at:%Y-%m-%d}",
            words=(
                f"A linked account lost {money(lost)}, and this one paid in "
                f"{money(total(came))} within {values['hours']} hours."
            ),
            figures=[("Lost there", money(lost)), ("Paid in here", money(total(came)))],
            payments=tuple(came),
            players=(other,),
        )


def _relay(facts: Facts, values: Values) -> Iterator[Finding]:
    """Money paid in by one account leaves to an address that another account uses."""
    out = facts.payments("out", within=days(values["days"]))
    shared = {
        one.other_id
        for one in facts.links
        if any(tie.kind in (Trace.Kind.PAYOUT_ADDRESS, Trace.Kind.INSTRUMENT) for tie in one.ties)
    }
    if not out or not shared:
        return
    theirs = [
        one
        for one in facts.payments_of(sorted(shared), within=days(values["days"]))
        if one.instrument
    ]
    places = {one.instrument for one in theirs}
    same = [one for one in out if one.instrument in places]
    if not same or total(same) < values["amount"]:
        return
    players = sorted(
        {one.player_id for one in theirs if one.instrument in {p.instrument for p in same}}
    )
    yield Finding(
        window=same[-1].public_id,
        words=f"{money(total(same))} were to go where {len(players)} other account(s) are paid too.",
        figures=[("Payouts", str(len(same))), ("Together", money(total(same)))],
        payments=tuple(same),
        players=tuple(players),
    )


def _short(others: list[int]) -> str:
    """Names a set of accounts: another alert when the ring grows, none when it stays."""
    return sha256(",".join(map(str, others)).encode()).hexdigest()[:32]


STRENGTH = Figure("strength", "Links from this strength", "count", "60", least=1, most=100)

RULES = [
    Rule(
        code="instruments",
        title="Many instruments",
        looks_at="Cards, bank accounts and addresses of one player.",
        figures=(
            Figure("count", "This many", "count", "5", least=2, most=100),
            Figure("days", "Within", "days", "30", least=1),
        ),
        check=_instruments,
        default_effect=Effect.REVIEW,
        default_weight=20,
    ),
    Rule(
        code="shared",
        title="Shared device, address or instrument",
        looks_at="Accounts that have in common what belongs to one person.",
        figures=(
            STRENGTH,
            Figure("count", "This many other accounts", "count", "1", least=1, most=100),
        ),
        check=_shared,
        default_effect=Effect.REVIEW,
        default_weight=30,
    ),
    Rule(
        code="relay",
        title="Paid out where another account is paid",
        looks_at="Withdrawals to an address or account that another player uses.",
        figures=(
            Figure("days", "Withdrawals of the last", "days", "90", least=1),
            Figure("amount", "From this amount", "amount", "20"),
        ),
        check=_relay,
        default_effect=Effect.HOLD,
        default_weight=40,
    ),
    Rule(
        code="networks",
        title="Many accounts from one network address",
        looks_at="Accounts that were made at one address within a short time.",
        figures=(
            Figure("count", "This many", "count", "4", least=2, most=100),
            Figure("hours", "Within", "hours", "24", least=1),
        ),
        check=_networks,
        default_effect=Effect.REVIEW,
        default_mode=Mode.SHADOW,
        default_weight=15,
    ),
    Rule(
        code="country",
        title="Country mismatch",
        looks_at="Residence against the countries of payments and sign-ins.",
        figures=(
            Figure("count", "This many other countries", "count", "1", least=1, most=20),
            Figure("days", "Within", "days", "30", least=1),
        ),
        check=_country,
        default_effect=Effect.REVIEW,
        default_weight=20,
    ),
    Rule(
        code="chasing",
        title="Losses chased with another account",
        looks_at="A deposit soon after a linked account lost.",
        figures=(
            STRENGTH,
            Figure("lost", "Lost there", "amount", "500", least=1),
            Figure("amount", "Paid in here", "amount", "100", least=1),
            Figure("hours", "Within", "hours", "48", least=1),
        ),
        check=_chasing,
        default_effect=Effect.REVIEW,
        default_weight=20,
    ),
]
