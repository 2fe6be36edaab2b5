"""How long search, facets and the lobby take with 10,000 games, beside a plain query in the same run.

    python -m bench.search [--games 10000] [--rounds 5]

Server time: a whole request through Django's handler, without a socket. The plain query reads 24
games by popularity through an index. The last line is one JSON object; `search_p95_ms` and
`search_ratio` (its median to the plain query's) are what it is about.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from casino import embedded

FIRST = [
    "Amber",
    "Ancient",
    "Arctic",
    "Big",
    "Blazing",
    "Book",
    "Brass",
    "Candy",
    "Copper",
    "Crimson",
    "Crystal",
    "Dancing",
    "Dark",
    "Diamond",
    "Dragon",
    "Emerald",
    "Eternal",
    "Fire",
    "Flying",
    "Forest",
    "Fortune",
    "Frozen",
    "Gates",
    "Giant",
    "Gold",
    "Golden",
    "Happy",
    "Hidden",
    "Iron",
    "Ivory",
    "Jade",
    "Jungle",
    "King",
    "Lady",
    "Legacy",
    "Lost",
    "Lucky",
    "Magic",
    "Midnight",
    "Mighty",
    "Money",
    "Moon",
    "Mystic",
    "Neon",
    "Northern",
    "Ocean",
    "Oracle",
    "Pearl",
    "Pirate",
    "Queen",
    "Raging",
    "Rainbow",
    "Red",
    "Royal",
    "Ruby",
    "Sacred",
    "Secret",
    "Seven",
    "Shining",
    "Silver",
    "Solar",
    "Star",
    "Storm",
    "Sugar",
    "Sun",
    "Sweet",
    "Temple",
    "Thunder",
    "Tiger",
    "Treasure",
    "Velvet",
    "Viking",
    "Wild",
    "Winter",
    "Wolf",
    "Zen",
]
SECOND = [
    "Anglers",
    "Bandits",
    "Bars",
    "Bells",
    "Bonanza",
    "Burst",
    "Castle",
    "Cats",
    "Caverns",
    "Charms",
    "Coins",
    "Court",
    "Crown",
    "Empire",
    "Express",
    "Falls",
    "Feast",
    "Fishers",
    "Flames",
    "Fruits",
    "Gems",
    "Giants",
    "Gods",
    "Harvest",
    "Hearts",
    "Hunters",
    "Island",
    "Jewels",
    "Joker",
    "Knights",
    "Lanterns",
    "Legends",
    "Megaways",
    "Mine",
    "Monkeys",
    "Nights",
    "Olympus",
    "Orchard",
    "Palace",
    "Pharaohs",
    "Phoenix",
    "Potion",
    "Quest",
    "Reels",
    "Riches",
    "Rush",
    "Samurai",
    "Scrolls",
    "Serpent",
    "Sevens",
    "Spirits",
    "Spins",
    "Stampede",
    "Stories",
    "Tales",
    "Temple",
    "Throne",
    "Tides",
    "Totems",
    "Tower",
    "Trail",
    "Valley",
    "Vault",
    "Voyage",
    "Warriors",
    "Waters",
    "Wheel",
    "Wilds",
    "Wins",
    "Wizards",
    "Worlds",
]
LINKS = ("of", "of the", "and", "&", "the", "", "", "", "")
ENDS = (
    "",
    "",
    "",
    "",
    " II",
    " Deluxe",
    " Hold and Win",
    " Megaways",
    " 1000",
    " Christmas",
    " Dice",
)
STUDIOS = 80
CATEGORIES = ("slots",) * 14 + ("live", "roulette", "card", "table", "crash", "casual")
FEATURES = (
    "wilds",
    "free_spins",
    "multiplier",
    "respins",
    "bonus_buy",
    "megaways",
    "cascades",
    "sticky_wilds",
)
PLAIN_ROWS = 24
TYPED_PER_ROUND = 60


def main() -> None:
    options = _options()
    services = embedded.start("bench_search")
    embedded.fill_environment(services)
    os.environ["DATABASE_URL"] = services.database_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "casino.settings.dev"
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["DEBUG"] = "0"
    try:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        import django

        django.setup()
        fill(options.games)
        _report(_measure(options.rounds), options.games)
    finally:
        embedded.stop()


def fill(count: int) -> None:
    """Games that only this bench has: two words and a link, in 80 studios."""
    from django.db import connection

    from apps.core.clock import now
    from apps.games.models import Game, Studio

    Game.objects.all().delete()
    chance = random.Random(4)
    Studio.objects.bulk_create(
        [
            Studio(
                slug=f"studio-{n}",
                name=f"{FIRST[n % len(FIRST)]} {SECOND[-1 - n % len(SECOND)]} Studio {n}",
            )
            for n in range(STUDIOS)
        ],
        ignore_conflicts=True,
    )
    studios = list(Studio.objects.all())
    titles: dict[str, None] = {"Book of Gold": None}
    while len(titles) < count:
        words = (chance.choice(FIRST), chance.choice(LINKS), chance.choice(SECOND))
        title = " ".join(word for word in words if word) + chance.choice(ENDS)
        titles[title if title not in titles else f"{title} {len(titles)}"] = None
    today = now().date()
    Game.objects.bulk_create(
        [
            Game(
                slug=f"bench-{number}",
                title=title,
                provider="bench",
                identifier=f"bench:{number}",
                studio=chance.choice(studios),
                category=(category := chance.choice(CATEGORIES)),
                description="A game with reels and a story about them. " * 6,
                rtp=Decimal(chance.randrange(8800, 9800)) / 100,
                volatility=chance.randint(1, 5),
                lines=chance.choice((10, 20, 25, 40)),
                features=chance.sample(FEATURES, 3),
                has_jackpot=chance.random() < 0.05,
                is_live=category == "live",
                blocked_countries=["US", "FR"] if chance.random() < 0.3 else [],
                released_on=today - timedelta(days=chance.randrange(2000)),
                popularity=int(chance.paretovariate(1)),
                synced_at=now(),
            )
            for number, title in enumerate(titles)
        ],
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        for table in ("games_game", "games_search", "games_word", "games_studio"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def _measure(rounds: int) -> dict[str, list[float]]:
    from django.core.cache import cache
    from django.test import Client

    from apps.games import search
    from apps.games.selectors import visible_games

    titles = list(visible_games("DE").values_list("title", flat=True))
    assert "Book of Gold" in [game.title for game in search.search("bok of gol", "DE", limit=24)]
    chance = random.Random(5)
    client = Client(headers={"Accept": "text/html"})
    part = {"HX-Request": "true"}
    times: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], object]) -> None:
        begun = time.perf_counter()
        work()
        times.setdefault(name, []).append((time.perf_counter() - begun) * 1000)

    cache.clear()
    for warm in ("/", "/games/", "/search/?q=gold"):
        client.get(warm)
    for _ in range(rounds):
        for _ in range(TYPED_PER_ROUND):
            title = chance.choice(titles)
            text = {
                "typed": title[: chance.randint(2, len(title))].strip(),
                "typo": slip(title, chance),
            }
            timed("plain query", lambda: list(visible_games()[:PLAIN_ROWS]))
            for kind, words in text.items():
                timed(f"search, {kind}", lambda words=words: search.search(words, "DE", limit=24))
                answer = lambda words=words: client.get("/search/", {"q": words}, headers=part)  # noqa: E731
                timed("search, request", answer)
        for _ in range(8):
            timed("lobby, warm", lambda: client.get("/"))
            timed("list, warm", lambda: client.get("/games/?sort=rtp"))
            cache.clear()
            timed(
                "list with facets, cold", lambda: client.get("/games/?volatility=3&feature=wilds")
            )
            cache.clear()
            timed("lobby, cold", lambda: client.get("/"))
    return times


def slip(title: str, chance: random.Random) -> str:
    """One letter left out, doubled, swapped or mistyped."""
    at = chance.randrange(1, max(2, len(title) - 1))
    letter = title[at]
    return chance.choice(
        (
            title[:at] + title[at + 1 :],
            title[:at] + letter + title[at:],
            title[: at - 1] + letter + title[at - 1] + title[at + 1 :],
            title[:at] + chance.choice("aeiourst") + title[at + 1 :],
        )
    )


def _report(times: dict[str, list[float]], games: int) -> None:
    plain = statistics.median(times["plain query"])
    print(f"{games} games\n{'':<26}{'p50 ms':>9}{'p95 ms':>9}{'to plain':>10}")
    for name, taken in times.items():
        p50, p95 = statistics.median(taken), _p95(taken)
        print(f"{name:<26}{p50:>9.1f}{p95:>9.1f}{p50 / plain:>10.1f}")
    whole = times["search, request"]
    print(
        json.dumps(
            {
                "bench": "search",
                "games": games,
                "plain_ms": round(plain, 2),
                "search_p95_ms": round(_p95(whole), 1),
                "search_ratio": round(statistics.median(whole) / plain, 1),
                "lobby_warm_p95_ms": round(_p95(times["lobby, warm"]), 1),
                "facets_p95_ms": round(_p95(times["list with facets, cold"]), 1),
            }
        )
    )


def _p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
