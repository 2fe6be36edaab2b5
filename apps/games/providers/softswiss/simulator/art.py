"""The look of a game: inks, drawings, the pattern behind them, the picture for the lobby."""

import functools
import re
from dataclasses import asdict, dataclass

from django.template.loader import render_to_string

from apps.games.providers.softswiss.simulator import machines
from apps.games.providers.softswiss.simulator.catalogue import Game, digest, pick

BACKDROPS = ("rays", "rings", "stripes", "dots", "scales")
SYMBOL = re.compile(r"<symbol[^>]*>(.*)</symbol>", re.DOTALL)


@dataclass(frozen=True)
class Inks:
    """One printing: ground, light, strong, third, dark plate, text on the plate, the button."""

    g: str
    a: str
    b: str
    c: str
    k: str
    t: str
    go: str


INKS = (
    Inks("#bf2f1b", "#f6e2c4", "#1a0f0b", "#f0a037", "#1a0f0b", "#f6e2c4", "#f0a037"),
    Inks("#1d2858", "#f1e3cb", "#e6512c", "#7fa3d4", "#111838", "#f1e3cb", "#e6512c"),
    Inks("#0e5747", "#f3e1ba", "#f0a238", "#3f9a7c", "#062520", "#f3e1ba", "#f0a238"),
    Inks("#47204f", "#f5c5a6", "#e4573c", "#9a5aa0", "#1c0c25", "#f8dcc6", "#e4573c"),
    Inks("#c98420", "#fbeaca", "#be3420", "#7d3a14", "#2a140f", "#fbeaca", "#e79f2b"),
    Inks("#0d3340", "#f3d89e", "#e86c47", "#3c9f97", "#08222b", "#f6e5bf", "#e86c47"),
    Inks("#c4625e", "#fbe8d8", "#b0223a", "#7c2d5b", "#3b0f1f", "#fbe8d8", "#e08a82"),
    Inks("#2d5c63", "#f4e9d4", "#d8452b", "#e7b04a", "#1c1613", "#f4e9d4", "#e7b04a"),
    Inks("#2342b2", "#fae5c3", "#f2af3a", "#7f9bee", "#0d1640", "#fae5c3", "#f2af3a"),
    Inks("#525e29", "#f2e2b4", "#d7512b", "#a6b257", "#1b200c", "#f2e2b4", "#d7512b"),
    Inks("#8673c2", "#fbe5cd", "#ee6d3a", "#4b2f86", "#211539", "#fbe5cd", "#ee6d3a"),
    Inks("#241b17", "#f0e3cf", "#e5402a", "#d4a043", "#0c0908", "#f0e3cf", "#e5402a"),
    Inks("#4d90a3", "#fdf6e6", "#e1512c", "#2c6e83", "#0f323d", "#f4ead4", "#e1512c"),
    Inks("#9f1e57", "#fad7bd", "#f1a33f", "#d2608f", "#2b0818", "#fad7bd", "#f1a33f"),
)


def ink_number(game: Game) -> int:
    return digest("ink", game.identifier) % len(INKS)


def backdrop(game: Game) -> str:
    return pick(BACKDROPS, "backdrop", game.identifier)


def drawings(game: Game) -> list[str]:
    """The drawings this game's page must carry, each once."""
    return sorted(set(machines.symbols_shown(game).values()))


@functools.cache
def style_sheet() -> str:
    """The inks as CSS: `[data-ink="3"]` colours whatever stands in it."""
    rules = []
    for number, inks in enumerate(INKS):
        values = " ".join(f"--{name}: {value};" for name, value in asdict(inks).items())
        rules.append(f'[data-ink="{number}"] {{ {values} }}')
    return "\n".join(rules) + "\n"


@functools.lru_cache(maxsize=2048)
def picture(game: Game) -> str:
    """The square picture of a game: its best symbol on a disc."""
    inks = INKS[ink_number(game)]
    name = machines.symbols_shown(game)["high1"]
    symbol = render_to_string(f"simulators/softswiss/symbols/{name}.svg")
    drawing = SYMBOL.sub(r"\1", symbol)
    return render_to_string("simulators/softswiss/picture.svg", {"inks": inks, "drawing": drawing})
