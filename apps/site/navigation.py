"""What the rail, the dock and the account menu link to."""

from dataclasses import dataclass

from django.urls import reverse

from apps.site.selectors import Counts


@dataclass(frozen=True, slots=True)
class Item:
    """A link. covers: pages below its address belong to it too."""

    label: str
    href: str
    icon: str
    count: int = 0
    covers: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    items: tuple[Item, ...]


def rail(counts: Counts, *, is_player: bool) -> list[Group]:
    """Groups of the rail; the first is the games, which the footer repeats."""
    kinds = tuple(
        Item(kind.label, reverse("site:category", args=[kind.slug]), kind.icon)
        for kind in counts.categories[:6]
    )
    groups = [
        Group(
            "",
            (
                Item("Lobby", reverse("site:lobby"), "house"),
                Item("All games", reverse("site:games"), "grid", counts.games),
                Item(
                    "New",
                    reverse("site:category", args=["new"]),
                    "sparkle",
                    counts.by_category.get("new", 0),
                ),
                Item("Originals", reverse("originals:index"), "facets", covers=True),
                *kinds,
                Item("Jackpots", reverse("jackpots:index"), "jackpot", covers=True),
                Item("Studios", reverse("site:studios"), "studios"),
            ),
        )
    ]
    if is_player:
        groups.append(Group("Yours", yours()))
    groups.append(
        Group(
            "Help",
            (
                Item("Safer play", reverse("limits:home"), "leaf"),
                Item("Fairness", reverse("originals:fairness"), "shield"),
            ),
        )
    )
    return groups


def yours() -> tuple[Item, ...]:
    """Pages of a player's own, as the rail lists them."""
    return (
        Item("Favourites", reverse("site:favourites"), "heart"),
        Item("Recent", reverse("site:recent"), "recent"),
        Item("Wallet", reverse("payments:wallet"), "wallet-line", covers=True),
        Item("Rounds", reverse("site:rounds"), "receipt", covers=True),
        Item("Account", reverse("accounts:home"), "user", covers=True),
    )


def account() -> tuple[Item, ...]:
    """The menu behind the player's picture."""
    return (
        Item("Wallet", reverse("payments:wallet"), "wallet-line"),
        Item("Movements", reverse("payments:history"), "receipt"),
        Item("Favourites", reverse("site:favourites"), "heart"),
        Item("Rounds", reverse("site:rounds"), "recent"),
        Item("Account", reverse("accounts:home"), "user"),
        Item("Security", reverse("accounts:security"), "shield"),
        Item("Verification", reverse("kyc:verification"), "check"),
    )
