"""The accounts around a player as a picture: rings by distance, lines by strength.

Drawn on the server; the same edges stand in a table beside it, so nothing is only in the picture.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from apps.accounts.models import Player
from apps.risk.linking import Link

WIDTH, HEIGHT = 920, 520
RINGS = (0, 150, 225)
NAME_MAX = 14
START = math.pi * 5 / 6  # the first at the upper left
MARGIN = 48


@dataclass(frozen=True)
class Dot:
    player_id: int
    name: str
    x: int
    y: int
    is_centre: bool
    is_suspended: bool

    @property
    def label_y(self) -> int:
        return self.y + 32


@dataclass(frozen=True)
class Line:
    x1: int
    y1: int
    x2: int
    y2: int
    strength: int
    words: str

    @property
    def band(self) -> str:
        """How strong in three steps, for the style sheet."""
        if self.strength >= 80:
            return "strong"
        return "middle" if self.strength >= 50 else "weak"


@dataclass(frozen=True)
class Drawing:
    top: int
    width: int
    height: int
    dots: list[Dot]
    lines: list[Line]
    words: str


def drawing(centre: int, links: Sequence[Link], people: Mapping[int, Player]) -> Drawing:
    """A picture of the links. people: everybody who is in them."""
    places = _places(centre, links)
    dots = [
        Dot(
            player_id=player_id,
            name=_name(people.get(player_id), player_id),
            x=x,
            y=y,
            is_centre=player_id == centre,
            is_suspended=player_id in people and people[player_id].status != Player.Status.ACTIVE,
        )
        for player_id, (x, y) in places.items()
    ]
    lines = [
        Line(*places[one.player_id], *places[one.other_id], strength=one.strength, words=one.words)
        for one in reversed(links)  # the strongest last, on top
        if one.player_id in places and one.other_id in places
    ]
    count = len(dots) - 1
    top = max(min(dot.y for dot in dots) - MARGIN, 0)
    bottom = min(max(dot.y for dot in dots) + MARGIN, HEIGHT)
    return Drawing(
        top, WIDTH, bottom - top, dots, lines,
        f"{count} account{'' if count == 1 else 's'} around this one. The table has the same links.",
    )  # fmt: skip


def _places(centre: int, links: Sequence[Link]) -> dict[int, tuple[int, int]]:
    near = _neighbours(centre, links)
    far = sorted(
        {one for link in links for one in (link.player_id, link.other_id)} - {centre, *near}
    )
    places = {centre: (WIDTH // 2, HEIGHT // 2)}
    for ring, members in enumerate((near, far), start=1):
        for place, player_id in enumerate(members):
            # Half a step on, so that no ring hides the one inside it.
            parts = max(len(members), 3)  # two opposite each other would hide their own link
            turn = Fraction(place, parts) + Fraction(ring - 1, 2 * parts)
            places[player_id] = _on_ring(ring, turn)
    return places


def _neighbours(centre: int, links: Sequence[Link]) -> list[int]:
    return sorted(
        {one.other_id for one in links if one.player_id == centre}
        | {one.player_id for one in links if one.other_id == centre}
    )


def _on_ring(ring: int, turn: Fraction) -> tuple[int, int]:
    """A place on an ellipse, wider than high: names stand side by side, not on each other."""
    angle = 2 * math.pi * turn.numerator / turn.denominator - START
    radius = RINGS[ring]
    x = WIDTH // 2 + round(radius * WIDTH / HEIGHT * math.cos(angle))
    return x, HEIGHT // 2 + round(radius * math.sin(angle))


def _name(player: Player | None, player_id: int) -> str:
    name = player.display_name if player else str(player_id)
    return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…"
