"""Somebody with limits and somebody on a break, as they would have set them."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from apps.accounts.models import Player, User
from apps.limits import exclusion, harm, reality, review, selectors, services
from apps.limits.models import HarmCase

# Of "Juniper": wide enough to pay in and play by hand. The last one is asked to be looser and waits.
LIMITS = (("deposit", "month", "5000"), ("loss", "week", "1000"), ("wager", "day", "2000"))
WISH = ("wager", "day", "4000")


def furnish(
    *,
    limited: Player,
    excluded: Player,
    everybody: Iterable[Player],
    desk: User,
    say: Callable[[str], None],
) -> None:
    for player in everybody:
        # Whoever lives here has been asked; only those who register now are.
        if reality.choices_of(player.pk).limit_asked_at is None:
            review.decline_first_limit(player=player)
    if not selectors.limits_of(limited.pk):
        for kind, window, value in (*LIMITS, WISH):
            services.set_limit(
                player_id=limited.pk,
                kind=kind,
                window=window,
                value=Decimal(value),
                actor=limited,
            )
        say(f"{limited.display_name}: {len(LIMITS)} limits and a wish for a looser one")
    if not selectors.is_excluded(excluded.pk):
        exclusion.self_exclude(player_id=excluded.pk, length="6m", actor=excluded)
        say(f"{excluded.display_name}: excluded for half a year")
    if not HarmCase.objects.exists():
        _talked_to(limited, excluded, desk)
        say("Two harm cases: one to talk about, one that ended in a break")


def _talked_to(limited: Player, excluded: Player, desk: User) -> None:
    words = "Wrote in the chat that play is the only thing that helps against worry."
    case = harm.open_by_hand(player_id=excluded.pk, words=words, by=desk)
    harm.log_interaction(
        public_id=case.public_id,
        channel="chat",
        text="Asked what happened and listened. Showed the time-out and the help lines.",
        by=desk,
    )
    harm.close_case(
        public_id=case.public_id,
        outcome="break",
        conclusion="Excluded herself for half a year.",
        by=desk,
    )
    words = "Asked three times in a week whether the limit could be raised sooner."
    harm.open_by_hand(player_id=limited.pk, words=words, by=desk)
