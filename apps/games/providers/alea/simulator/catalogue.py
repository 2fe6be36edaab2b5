"""Sixty invented live tables and table games of four invented studios, the same every time."""

import functools
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from apps.games.providers.alea.simulator import engines, money

FIRST_ID = 16301
FIRST_RELEASE = date(2021, 3, 4)
# software id and name of a studio, the words of its rooms
STUDIOS = {
    6: (
        "Candlewick Live",
        "Candlewick Salt-Room Green-Room Mezzanine Ferry Harbour Lantern Pavilion",
    ),
    11: ("Gilt & Garnet", "Garnet Gilded Opal Velvet Marble Ivory Porcelain Cobalt"),
    14: ("Ninth Landing", "Landing Staircase Skylight Balcony Corridor Rooftop Cellar Courtyard"),
    17: ("Paper Dragonfly", "Dragonfly Bamboo Saffron Peony Monsoon Lacquer Tidal Amber"),
}
# genre: the engine, its rooms (live), its table games, the words of a title, seats at a live table
GENRES = {
    "ROULETTE": ("roulette", 13, 5, ("Roulette", "Wheel Room", "Zero"), None),
    "BACCARAT": ("baccarat", 11, 3, ("Baccarat", "Punto Banco", "Shoe"), 7),
    "DRAGON TIGER": ("dragon_tiger", 7, 3, ("Dragon & Tiger", "Two Beasts"), None),
    "SIC BO": ("sic_bo", 6, 3, ("Sic Bo", "Three Dice"), 9),
    "SHOW": ("show", 7, 2, ("Fortune Wheel", "Big Turn"), None),
}
# Least and highest stake of a room, in euros.
LIMITS = (("0.20", "500"), ("0.50", "1000"), ("1", "2500"), ("5", "10000"), ("0.10", "100"))


@dataclass(frozen=True)
class Game:
    """A table. rtp_bps: what its main spot returns. seats: None where everybody fits."""

    id: str
    name: str
    software_id: int
    software: str
    integrator_id: int
    genre: str
    engine_name: str
    is_live: bool
    seats: int | None
    least: Decimal
    most: Decimal
    released_at: date
    has_free_rounds: bool

    @property
    def engine(self) -> engines.Engine:
        return engines.ENGINES[self.engine_name]

    @property
    def rtp(self) -> str:
        payback = self.engine.payback(self.engine.main)
        return f"{round(Decimal(payback.numerator * 100) / Decimal(payback.denominator), 2)}"

    @property
    def times_max(self) -> int:
        """The most a spot pays, in its stake."""
        pays = (
            self.engine.pays(result, spot)
            for result, _ in self.engine.results()
            for spot in self.engine.spots
        )
        return max(pays) // 100

    @property
    def number(self) -> int:
        return int(self.id) - FIRST_ID

    def limits(self, currency: str) -> tuple[int, int]:
        """Least and highest stake of a round in units of a currency."""
        return money.in_currency(self.least, currency), money.in_currency(self.most, currency)


@functools.cache
def games() -> dict[str, Game]:
    made: dict[str, Game] = {}
    taken: set[str] = set()
    number = 0
    for genre, (engine, rooms, tables, words, seats) in GENRES.items():
        for place in range(rooms + tables):
            is_live = place < rooms
            software_id = list(STUDIOS)[number % len(STUDIOS)]
            studio, names = STUDIOS[software_id]
            word = words[place % len(words)]
            title = next(
                title
                for turn in range(len(names.split()))
                if (title := _title(names.split()[(place + turn) % 8], word, is_live)) not in taken
            )
            taken.add(title)
            least, most = LIMITS[number % len(LIMITS)]
            made[str(FIRST_ID + number)] = Game(
                id=str(FIRST_ID + number),
                name=title,
                software_id=software_id,
                software=studio,
                integrator_id=8,
                genre=genre,
                engine_name=engine,
                is_live=is_live,
                seats=seats if is_live else None,
                least=Decimal(least),
                most=Decimal(most),
                released_at=FIRST_RELEASE + timedelta(days=31 * number),
                has_free_rounds=not is_live,
            )
            number += 1
    return made


def game(game_id: str) -> Game | None:
    return games().get(game_id)


def _title(room: str, word: str, is_live: bool) -> str:
    title = f"{room.replace('-', ' ')} {word}"
    return title if is_live else f"{title} Solo"
