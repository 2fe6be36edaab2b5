"""Rules in words, for players, for whoever decides, and for the page of a version."""

from decimal import Decimal

from apps.jackpots import rules


def describe(found: rules.Rules) -> list[tuple[str, str]]:
    """Rules word for word, for whoever decides and for the page that shows a version."""
    lines = [
        ("Contribution", f"{percent(found.contribution)} of each stake, paid by the house"),
        ("Reserve", f"{percent(found.reserve)} of the contribution feeds the next seeds"),
        ("Smallest stake", f"{found.stake_min.normalize():f}"),
        ("Taking part", "by choice" if found.needs_opt_in else "everybody"),
        ("Rank", f"{found.rank_min} and above"),
        ("Partners", ", ".join(found.partners) or "all"),
        ("Games", ", ".join(found.games) or "all"),
        ("Currencies", ", ".join(found.currencies) or "all"),
        ("Countries", ", ".join(found.countries) or "all"),
    ]
    for one in found.levels:
        share = percent(Decimal(one.share_bps) / rules.TOTAL_BPS)
        lines.append((one.name, f"{share} of the contribution, seed {one.seed}, {drops(one)}"))
    return lines


def drops(level: rules.LevelRules) -> str:
    """When a level drops, in words."""
    most = f"pays up to {level.high:,f}"
    if level.kind == rules.Kind.AMOUNT:
        return f"drops between {level.low:,f} and {level.high:,f}"
    if level.kind == rules.Kind.TIME:
        return f"drops every {level.hours} hours, {most}"
    return f"drops once in {level.mean.normalize():,f} staked on average, {most}"


def percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"
