"""Rules over what comes in, what goes out, and what was played in between."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from apps.risk.facts import Facts
from apps.risk.models import Case, RuleVersion
from apps.risk.rules.base import Figure, Finding, Rule, Values, days, hours, money, total
from apps.risk.sources import Payment

Effect, Mode = RuleVersion.Effect, RuleVersion.Mode


def _no_play(facts: Facts, values: Values) -> Iterator[Finding]:
    out = facts.payments("out", within=hours(values["hours"]))
    if not out:
        return
    last = out[-1]
    came = [one for one in facts.payments("in", within=hours(values["hours"])) if one.at <= last.at]
    deposited, wanted = total(came), total([last])
    if not came or wanted < values["amount"] or deposited < values["amount"]:
        return
    staked = facts.staked(since=came[0].at)
    if staked * 100 >= deposited * values["staked"]:
        return
    yield Finding(
        window=last.public_id,
        words=(
            f"Paid in {money(deposited)} and asked for {money(wanted)} within "
            f"{values['hours']} hours, after staking only {money(staked)}."
        ),
        figures=[
            ("Deposits", money(deposited)),
            ("Withdrawal", money(wanted)),
            ("Staked since the first of them", money(staked)),
        ],
        payments=(*came, last),
    )


def _turnover(facts: Facts, values: Values) -> Iterator[Finding]:
    out = facts.payments("out", within=days(values["days"]))
    if not out:
        return
    last = out[-1]
    earlier = [one.at for one in out[:-1]]
    # What was paid out before settles what had come in before it.
    since = max(earlier) if earlier else facts.at - days(values["days"])
    came = [
        one
        for one in facts.payments("in", within=days(values["days"]))
        if since < one.at <= last.at
    ]
    deposited = total(came)
    if not came or deposited < values["amount"]:
        return
    staked = facts.staked(since=came[0].at)
    if staked * 100 >= deposited * values["turnover"]:
        return
    share = int(staked * 100 / deposited)
    yield Finding(
        window=last.public_id,
        words=(
            f"Deposits of {money(deposited)} were played to {share} % ({money(staked)}) before "
            f"a withdrawal of {money(total([last]))}."
        ),
        figures=[
            ("Deposits", money(deposited)),
            ("Staked", money(staked)),
            ("Turnover", f"{share} %"),
            ("Withdrawal", money(total([last]))),
        ],
        payments=(*came, last),
    )


def _structuring(facts: Facts, values: Values) -> Iterator[Finding]:
    top, span = values["threshold"], hours(values["hours"])
    least = top * values["near"] / 100
    for direction, word in (("in", "deposits"), ("out", "withdrawals")):
        near = [
            one
            for one in facts.payments(direction, within=span)
            if one.value is not None and least <= one.value < top
        ]
        sum_ = total(near)
        if len(near) < values["count"] or sum_ < top:
            continue
        yield Finding(
            window=f"{direction}:{near[0].at:%Y-%m-%d}",
            words=(
                f"{len(near)} {word} just under {money(top)} within {values['hours']} hours, "
                f"{money(sum_)} in all."
            ),
            figures=[
                ("Payments", str(len(near))),
                ("Together", money(sum_)),
                ("Threshold", money(top)),
                ("Smallest and largest", _range(near)),
            ],
            payments=tuple(near),
        )


def _range(near: list[Payment]) -> str:
    found = [one.value for one in near if one.value is not None]
    return f"{money(min(found))} to {money(max(found))}"


def _rapid(facts: Facts, values: Values) -> Iterator[Finding]:
    span = hours(values["hours"])
    both = sorted(
        [*facts.payments("in", within=span), *facts.payments("out", within=span)],
        key=lambda one: (one.at, one.public_id),
    )
    cycles = sum(
        1
        for before, after in pairwise(both)
        if before.direction == "in" and after.direction == "out"
    )
    if cycles < values["cycles"] or total(both) < values["amount"]:
        return
    yield Finding(
        window=f"{both[0].at:%Y-%m-%d}",
        words=f"Money came in and went out {cycles} times within {values['hours']} hours.",
        figures=[
            ("Times in and out", str(cycles)),
            ("Paid in", money(total([one for one in both if one.direction == "in"]))),
            ("Asked for", money(total([one for one in both if one.direction == "out"]))),
        ],
        payments=tuple(both),
    )


def _velocity(facts: Facts, values: Values) -> Iterator[Finding]:
    found = facts.payments("in", within=hours(values["hours"]))
    sum_ = total(found)
    if len(found) < values["count"] and sum_ < values["amount"]:
        return
    if not found:
        return
    yield Finding(
        window=f"{found[-1].at:%Y-%m-%d}",
        words=f"{len(found)} deposits of {money(sum_)} within {values['hours']} hours.",
        figures=[("Deposits", str(len(found))), ("Together", money(sum_))],
        payments=tuple(found),
    )


def _funds(facts: Facts, values: Values) -> Iterator[Finding]:
    span = timedelta(days=int(values["days"]))
    found = facts.payments("in", within=span)
    sum_, top = total(found), values[facts.risk_class]
    if sum_ < top:
        return
    is_high = sum_ >= values["two_people"]
    yield Finding(
        window=f"{facts.at:%Y-%m}",
        words=(
            f"Deposits of {money(sum_)} in {values['days']} days reach {money(top)}, the "
            f"threshold of the risk class {facts.risk_class}."
        ),
        figures=[
            (f"Deposits in {values['days']} days", money(sum_)),
            ("Threshold", money(top)),
            ("Risk class", facts.risk_class),
            ("Signatures", "two" if is_high else "one"),
        ],
        payments=tuple(found),
        is_high=is_high,
    )


AMOUNT = Figure("amount", "From this amount", "amount", "100")

RULES = [
    Rule(
        code="no_play",
        title="Paid in and out without play",
        looks_at="A withdrawal soon after deposits of which hardly anything was staked.",
        figures=(
            Figure("hours", "Between deposit and withdrawal", "hours", "72", least=1),
            Figure("staked", "Staked less than this share", "percent", "20", least=1, most=100),
            AMOUNT,
        ),
        check=_no_play,
        default_effect=Effect.REVIEW,
        default_weight=35,
    ),
    Rule(
        code="turnover",
        title="Turnover below one",
        looks_at="A withdrawal of deposits that were not staked once. It is looked at, not taken.",
        figures=(
            Figure("turnover", "Staked less than", "percent", "100", least=1, most=500),
            Figure("days", "Deposits of the last", "days", "30", least=1),
            Figure("amount", "From this amount", "amount", "20"),
        ),
        check=_turnover,
        default_effect=Effect.REVIEW,
        default_weight=15,
    ),
    Rule(
        code="structuring",
        title="Kept under a threshold",
        looks_at="Several payments just under the amount at which we have to ask more.",
        figures=(
            Figure("threshold", "The threshold", "amount", "2000", least=1),
            Figure("near", "Counts from this share of it", "percent", "70", least=1, most=100),
            Figure("count", "This many", "count", "3", least=2, most=100),
            Figure("hours", "Within", "hours", "168", least=1),
        ),
        check=_structuring,
        default_effect=Effect.REVIEW,
        default_weight=30,
    ),
    Rule(
        code="rapid",
        title="In and out again",
        looks_at="Deposits and withdrawals that take turns.",
        figures=(
            Figure("cycles", "This many times", "count", "3", least=1, most=100),
            Figure("hours", "Within", "hours", "48", least=1),
            AMOUNT,
        ),
        check=_rapid,
        default_effect=Effect.REVIEW,
        default_weight=25,
    ),
    Rule(
        code="velocity",
        title="Many deposits at once",
        looks_at="More deposits, or more money, than usual in a short time.",
        figures=(
            Figure("count", "This many", "count", "15", least=2, most=10_000),
            Figure("amount", "Or this much", "amount", "10000", least=1),
            Figure("hours", "Within", "hours", "24", least=1),
        ),
        check=_velocity,
        default_effect=Effect.REVIEW,
        default_weight=15,
    ),
    Rule(
        code="funds",
        title="Source of funds",
        looks_at="Deposits over a time against the threshold of the player's risk class.",
        figures=(
            Figure("low", "Threshold, low risk", "amount", "10000", least=1),
            Figure("medium", "Threshold, medium risk", "amount", "5000", least=1),
            Figure("high", "Threshold, high risk", "amount", "2000", least=1),
            Figure("two_people", "Two signatures from", "amount", "25000", least=1),
            Figure("days", "Within", "days", "30", least=1),
        ),
        check=_funds,
        default_effect=Effect.CASE,
        default_weight=10,
        default_hours=240,
        opens=Case.Kind.SOURCE_OF_FUNDS,
    ),
]
