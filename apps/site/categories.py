"""How the kinds of games are called and drawn. The catalogue decides which of them exist."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    slug: str
    label: str
    icon: str


KNOWN = (
    Category("slots", "Slots", "slots"),
    Category("live", "Live casino", "live"),
    Category("roulette", "Roulette", "roulette"),
    Category("card", "Card tables", "cards"),
    Category("table", "Table games", "tables"),
    Category("poker", "Poker", "tables"),
    Category("video_poker", "Video poker", "monitor"),
    Category("crash", "Crash", "crash"),
    Category("mines", "Mines", "originals"),
    Category("casual", "Instant wins", "lightning"),
    Category("fishing", "Fishing", "fish"),
    Category("scratch", "Scratch cards", "lottery"),
    Category("lottery", "Lottery and keno", "jackpot"),
    Category("craps", "Dice and craps", "dice"),
    Category("virtual_sports", "Virtual sports", "trophy"),
)
BY_SLUG = {category.slug: category for category in KNOWN}
# Lists that are a property of games and not a kind of game.
NEW = Category("new", "Fresh off the press", "sparkle")
JACKPOTS = Category("jackpots", "Jackpots", "jackpot")


def category(slug: str) -> Category:
    """Describe a category, also one that the catalogue invented since."""
    return BY_SLUG.get(slug) or Category(slug, slug.replace("_", " ").capitalize(), "sparkle")
