"""1,200 invented games of 40 invented studios, the same every time.

Every choice is a hash of what is chosen for, so a game never changes because another was added.
"""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")

FIRST_RELEASE = date(2017, 3, 1)
LAST_RELEASE = date(2026, 11, 20)

# provider (the integration) → the studios whose games come through it
STUDIOS = {
    "northlight": ("Northlight",),
    "kitebird": ("Kitebird", "Paper Heron"),
    "ninefold": ("Ninefold",),
    "saltmarsh": ("Saltmarsh", "Low Tide Works", "Gullwing Row"),
    "oddfellow": ("Oddfellow Labs",),
    "halfmoon": ("Halfmoon", "Quarterlight"),
    "brasskettle": ("Brass Kettle", "Tin Whistle", "Copper Lane"),
    "inkfield": ("Inkfield", "Woodblock Club"),
    "tallgrass": ("Tallgrass", "Hare & Thistle", "Fernhollow"),
    "orrery": ("Orrery Games", "Slow Comet"),
    "lanternroom": ("Lantern Room",),
    "mothandco": ("Moth & Company", "Dustwing"),
    "quarry": ("Quarry Nine", "Slate House", "Flint & Field"),
    "sundial": ("Sundial Play", "Noonday"),
    "driftwood": ("Driftwood", "Cork & Cable", "Buoy Club"),
    "velvetrope": ("Velvet Rope Live",),
    "parlour": ("Parlour Tables", "Green Baize"),
    "tramline": ("Tramline", "Last Stop", "Depot Four"),
    "hazel": ("Hazelwright", "Little Anvil"),
    "zephyrine": ("Zephyrine",),
}
LIVE_PROVIDERS = ("velvetrope", "parlour")

# theme → the words its titles are made of
THEMES = {
    "orchard": (
        "Orchard Quince Medlar Tangerine Bramble Plum Harvest Cider Hedgerow Apricot Persimmon "
        "Marmalade Fig Grove Elderberry Greengage"
    ),
    "tide": (
        "Tide Koi Lighthouse Harbour Cove Current Estuary Lagoon Pearl-Diver Reef Ferry Cormorant "
        "Driftnet Sandbar Mooring Breakwater"
    ),
    "night": (
        "Moth Lantern Comet Owl Moonrise Nocturne Starling Eclipse Vesper Firefly Midnight-Train "
        "Orrery Dusk Candlewick Nightjar Meridian"
    ),
    "temple": (
        "Basilica Colonnade Mask Oracle Mosaic Obelisk Archway Senate Amphora Relic Cloister "
        "Pilgrim Labyrinth Column Sundial Vault"
    ),
    "garden": (
        "Serpent Peony Pavilion Fan Trellis Dahlia Topiary Magnolia Wisteria Hothouse Lotus-Pond "
        "Thistle Iris Bower Conservatory Adder"
    ),
    "city": (
        "Skyline Tramway Rooftop Arcade Elevator Neon-Clock Boulevard Metronome Signalbox "
        "Turntable Alley Subway Switchboard Carousel Dynamo Viaduct"
    ),
    "desert": (
        "Mesa Caravan Mirage Saltflat Canyon Sandglass Oasis Dune Nomad Prickly-Pear Sirocco "
        "Waystone Ridge Plateau Summit Cairn"
    ),
    "court": (
        "Crown Herald Jester Goblet Signet Tapestry Throne Banquet Courier Heirloom Scarab Sceptre "
        "Masquerade Chamberlain Coronet Gauntlet"
    ),
}
ADJECTIVES = (
    "Velvet Brass Gilded Opal Saffron Quiet Marble Tidal Ninth Paper Copper Hollow Amber Crooked "
    "Silent Painted Walnut Drowsy Cobalt Restless Borrowed Feathered Salted Inked Lacquered Woven "
    "Distant Secret Tilted Smoky Burnished Wandering Patient Clockwork Second Hidden Ochre Crimson "
    "Porcelain Stubborn Whispering Linen Polished Northern Sleepless Thirteenth Lavish Russet Tin "
    "Glass Slow Idle Bold Curious Dappled Honeyed Ivory Juniper Lunar Molten Nimble"
)
ENDINGS = (
    "",
    "",
    "",
    "",
    " Rush",
    " Parade",
    " Club",
    " Deluxe",
    " Reprise",
    " Nights",
    " Almanac",
    " Express",
    " Society",
    " in Bloom",
    " Atlas",
    " Overture",
)

# category → how many, and what its titles end in
CATEGORIES = {
    "slots": (880, ()),
    "roulette": (40, ("Roulette", "Wheel", "Zero")),
    "card": (70, ("Blackjack", "Baccarat", "Twenty-One", "Punto")),
    "poker": (20, ("Hold'em", "Three Card", "Stud")),
    "video_poker": (30, ("Draw", "Jacks", "Deuces")),
    "scratch": (40, ("Scratch", "Scratchcard", "Foil")),
    "crash": (20, ("Ascent", "Liftoff", "Climb")),
    "mines": (12, ("Mines", "Minefield")),
    "casual": (30, ("Drop", "Pop", "Ladder", "Flip")),
    "fishing": (14, ("Catch", "Angler")),
    "lottery": (16, ("Keno", "Draw Ten", "Bingo")),
    "craps": (8, ("Craps", "Dice Table")),
    "virtual_sports": (20, ("Cup", "Derby", "Sprint")),
}
LIVE_OF = {"roulette": 18, "card": 30, "poker": 6, "craps": 2}
VOLATILITY = ("low", "medium-low", "medium", "medium-high", "high", "very-high")
LINES = (5, 10, 10, 20, 20, 20, 25)
BLACKLISTS: tuple[tuple[str, ...], ...] = (
    (),
    (),
    ("US", "GB", "FR"),
    ("US", "NL", "AU"),
    ("US", "GB", "FR", "NL", "ES", "IT", "SE", "DK"),
    ("US", "CU", "IR", "KP", "SY"),
    ("AU", "IL", "CH", "BE"),
)


@dataclass(frozen=True)
class Game:
    """One game as the aggregator lists it, and what decides its rounds here."""

    identifier: str
    title: str
    provider: str
    producer: str
    category: str
    theme: str
    payout_bps: int
    volatility: str
    lines: int | None
    ways: int | None
    has_freespins: bool
    has_live: bool
    has_jackpot: bool
    bonus_buy: bool
    devices: tuple[str, ...]
    feature_group: str
    released_at: datetime
    recalled_at: datetime | None
    blacklist: tuple[str, ...]
    # How its calls are cut: the bet and the win in one request, or one after the other.
    is_apart: bool
    sends_zero_wins: bool

    @property
    def name(self) -> str:
        """The identifier without its provider: the `id` of v2."""
        return self.identifier.partition(":")[2]

    @property
    def multiplier_max(self) -> int:
        base = {"low": 500, "medium-low": 1000, "medium": 2500}.get(self.volatility, 5000)
        return base if self.category == "slots" else 1000

    @property
    def is_playable(self) -> bool:
        now = datetime.now(UTC)
        return self.released_at <= now and (self.recalled_at is None or self.recalled_at > now)

    @property
    def description(self) -> str:
        kind = {"slots": "slot", "video_poker": "video poker game", "card": "card game"}.get(
            self.category, f"{self.category.replace('_', ' ')} game"
        )
        return f"{self.title} is a {self.volatility.replace('-', ' ')} volatility {kind} by " + (
            f"{self.producer}."
        )


def digest(*parts: object) -> int:
    """A number that depends on nothing but its parts."""
    joined = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(joined.encode()).digest()[:8])


def pick(options: Sequence[T], *parts: object) -> T:
    return options[digest(*parts) % len(options)]


def chance(percent: int, *parts: object) -> bool:
    return digest(*parts) % 100 < percent


@functools.cache
def games() -> dict[str, Game]:
    """Every listed game by its identifier, those a casino must hide too."""
    made: dict[str, Game] = {}
    titles: set[str] = set()
    number = 0
    for category, (count, endings) in CATEGORIES.items():
        for index in range(count):
            number += 1
            live = index < LIVE_OF.get(category, 0)
            made_game = _game(number, category, endings, live=live, titles=titles)
            made[made_game.identifier] = made_game
    return made


def game(identifier: str) -> Game | None:
    return ACCEPTANCE if identifier == ACCEPTANCE.identifier else games().get(identifier)


@functools.cache
def by_provider() -> dict[str, list[Game]]:
    listed: dict[str, list[Game]] = {}
    for one in games().values():
        listed.setdefault(one.provider, []).append(one)
    return listed


def _game(
    number: int, category: str, endings: tuple[str, ...], *, live: bool, titles: set[str]
) -> Game:
    providers = LIVE_PROVIDERS if live else tuple(STUDIOS)
    provider = pick(providers, "provider", number)
    theme = pick(tuple(THEMES), "theme", number)
    title = _title(number, theme, endings, titles)
    identifier = "".join(letter for letter in title if letter.isalnum())
    is_slot = category == "slots"
    with_ways = is_slot and chance(20, "ways", number)
    released_at, recalled_at = _dates(number)
    return Game(
        identifier=f"{provider}:{identifier}",
        title=title,
        provider=provider,
        producer=pick(STUDIOS[provider], "producer", number),
        category=category,
        theme=theme,
        payout_bps=_payout_bps(number, category),
        volatility=pick(VOLATILITY, "volatility", number),
        lines=pick(LINES, "lines", number) if is_slot and not with_ways else None,
        ways=243 if with_ways else None,
        has_freespins=is_slot and chance(72, "freespins", number),
        has_live=live,
        has_jackpot=is_slot and chance(6, "jackpot", number),
        bonus_buy=is_slot and chance(15, "bonus buy", number),
        devices=("desktop",) if chance(3, "devices", number) else ("desktop", "mobile"),
        feature_group="new" if released_at > datetime(2026, 9, 15, tzinfo=UTC) else "basic",
        released_at=released_at,
        recalled_at=recalled_at,
        blacklist=pick(BLACKLISTS, "blacklist", number),
        is_apart=chance(30, "apart", number) or live,
        sends_zero_wins=chance(50, "zero wins", number),
    )


def _title(number: int, theme: str, endings: tuple[str, ...], titles: set[str]) -> str:
    nouns = THEMES[theme].split()
    for attempt in range(100):
        noun = pick(nouns, "noun", number, attempt).replace("-", " ")
        adjective = pick(ADJECTIVES.split(), "adjective", number, attempt)
        if endings:
            title = f"{adjective} {noun} {pick(endings, 'ending', number, attempt)}"
        else:
            title = f"{adjective} {noun}{pick(ENDINGS, 'ending', number, attempt)}"
        if title not in titles:
            titles.add(title)
            return title
    raise AssertionError("a hundred tries find a free title among a hundred thousand")


def _payout_bps(number: int, category: str) -> int:
    if category == "roulette":
        return 9730
    low, high = {
        "slots": (9310, 9720),
        "card": (9850, 9950),
        "poker": (9650, 9780),
        "video_poker": (9700, 9930),
        "crash": (9600, 9700),
        "mines": (9600, 9700),
    }.get(category, (9000, 9600))
    return low + digest("payout", number) % (high - low + 1)


def _dates(number: int) -> tuple[datetime, datetime | None]:
    """Two games come next year and one was taken back; a casino must hide these three."""
    days = (LAST_RELEASE - FIRST_RELEASE).days
    # The square makes recent games commoner, as catalogues are.
    share = digest("released", number) % 10_000
    age_days = days * share * share // 100_000_000
    released_on = LAST_RELEASE - timedelta(days=age_days)
    released_at = datetime(released_on.year, released_on.month, released_on.day, 9, tzinfo=UTC)
    if number in {211, 612}:
        return datetime(2031, 2, 1, 9, tzinfo=UTC), None
    if number == 407:
        return released_at, datetime(2026, 6, 30, 22, tzinfo=UTC)
    return released_at, None


# Integrations are accepted with this one; no catalogue lists it (protocol document, section 12).
ACCEPTANCE = Game(
    identifier="acceptance:test",
    title="Acceptance Test",
    provider="acceptance",
    producer="Aggregator",
    category="slots",
    theme="court",
    payout_bps=9600,
    volatility="medium",
    lines=10,
    ways=None,
    has_freespins=True,
    has_live=False,
    has_jackpot=False,
    bonus_buy=False,
    devices=("desktop", "mobile"),
    feature_group="basic",
    released_at=datetime(2017, 3, 1, 9, tzinfo=UTC),
    recalled_at=None,
    blacklist=(),
    is_apart=False,
    sends_zero_wins=False,
)
