"""Game posters, drawn from a hash. The same slug always gives the same picture.

A poster is a scene (stored motif or drawn), four inks, a mirror, a crop, sometimes a backdrop and
a frame. Words in the slug that name a thing choose its scene, so "Tide of Koi" has koi.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from random import Random

from django.urls import reverse

from apps.site.ornaments import BACKDROPS, FRAMES
from apps.site.scenes import SCENES

HERE = Path(__file__).parent
DATA = HERE / "data" / "motifs.json"
STORED = json.loads(DATA.read_text())
INKS: list[dict[str, str]] = STORED["inks"]
MOTIFS: dict[str, str] = STORED["motifs"]
GROUND = '<rect x="0" y="0" width="240" height="320" fill="{bg}"/>'
# The address changes when the drawing does; browsers keep the old one for ever.
VERSION = sha256(
    b"".join(
        part.read_bytes()
        for part in (
            DATA,
            *(HERE / f"{name}.py" for name in ("art", "drawing", "ornaments", "scenes")),
        )
    )
).hexdigest()[:8]

# Drawn on an empty ground, so a backdrop may stand behind them.
BARE = {"arches", "swirl", "citrus", "moth", "totem", "vase", "key", "rosette", "cup", "scarab"}
# Figures and letters do not read backwards.
ONE_WAY = {"seven", "cards"}
FULL = {"tiles", "fans", "ridges", "palms", "ship", "skyline", "koi", "lanterns", "serpent"}
# Words of a slug and the scenes they ask for.
WORDS: dict[str, tuple[str, ...]] = {
    # what is played
    "roulette wheel zero": ("wheel", "wheel", "rosette"),
    "blackjack baccarat punto one holdem hold stud card cards solitaire": ("cards", "suit"),
    "jacks deuces draw": ("cards", "suit", "suit"),
    "craps dice sicbo": ("dice",),
    "crash ascent liftoff climb": ("curve", "comet", "planet"),
    "mines minefield": ("tiles", "crystal", "gem"),
    "keno bingo scratch scratchcard foil ten": ("tiles", "coins", "seven", "horseshoe"),
    "cup derby sprint": ("cup", "horseshoe"),
    "catch angler": ("koi", "ship", "fans"),
    # what it is about
    "koi current estuary": ("koi", "fans"),
    "tide cove lagoon ferry cormorant driftnet mooring sandbar": (
        "ship",
        "fans",
        "sun_waves",
        "koi",
    ),
    "lighthouse harbour breakwater pearl reef": ("lighthouse", "lanterns", "ship"),
    "moth firefly nightjar owl starling": ("moth", "scarab"),
    "lantern candlewick": ("lanterns",),
    "comet orrery meridian eclipse": ("orbit", "planet", "comet"),
    "moonrise nocturne vesper dusk midnight night nights moon": (
        "ridges",
        "sun_waves",
        "skyline",
        "orbit",
    ),
    "basilica colonnade senate column temple cloister": ("temple", "arches"),
    "archway labyrinth pilgrim": ("arches", "pyramid", "key"),
    "amphora relic vase": ("vase",),
    "mask masquerade jester": ("mask", "totem"),
    "oracle eye": ("eye",),
    "obelisk pyramid pharaoh": ("pyramid", "scarab"),
    "mosaic trellis tapestry": ("tiles", "flower", "rosette"),
    "sundial dawn noon sun": ("sun_waves", "desert", "palms"),
    "vault heirloom signet lock key": ("key", "gem", "crystal"),
    "serpent adder snake dragon": ("serpent",),
    "peony dahlia magnolia wisteria iris lotus thistle bloom garden": ("flower", "rosette", "vase"),
    "fan pavilion": ("fan", "fans"),
    "topiary hothouse bower conservatory": ("palms", "vase", "arches"),
    "skyline tramway rooftop boulevard alley subway viaduct neon": ("skyline",),
    "arcade carousel turntable": ("swirl", "wheel", "rosette"),
    "dynamo switchboard storm thunder bolt": ("bolt",),
    "mesa canyon ridge plateau summit cairn peak": ("peaks", "ridges", "desert"),
    "mirage oasis nomad caravan dune saltflat sirocco prickly": ("desert", "palms", "ridges"),
    "sandglass waystone": ("pyramid", "desert", "gem"),
    "crown throne coronet sceptre king queen": ("crown",),
    "goblet banquet trophy": ("cup", "vase"),
    "scarab": ("scarab",),
    "herald courier chamberlain gauntlet": ("crown", "temple", "horseshoe"),
    "quince medlar tangerine apricot persimmon marmalade orchard citrus lemon": ("citrus",),
    "cherry bramble plum elderberry greengage fig": ("cherries", "citrus"),
    "harvest cider hedgerow grove": ("cherries", "ridges", "citrus"),
    "gem diamond ruby opal crystal facet": ("gem", "crystal"),
    "seven sevens lucky fortune": ("seven", "horseshoe", "coins"),
    "coin coins money gold": ("coins",),
    "candy sugar sweet": ("swirl",),
    "palm island": ("palms",),
    "star space rocket": ("comet", "planet"),
}
ASKED = {word: scenes for words, scenes in WORDS.items() for word in words.split()}
ALL = [*MOTIFS, *SCENES]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was decided about one poster."""

    scene: str
    ink: int
    swapped: bool
    mirrored: bool
    crop: str
    backdrop: str
    frame: str
    seed: int


def url(slug: str, *, bare: bool = False) -> str:
    """Where the poster is served; immutable, so the address carries the version of the drawing."""
    return reverse("site:art_bare" if bare else "site:art", args=[slug, VERSION])


def ink_number(slug: str) -> int:
    return plan(slug).ink


@lru_cache(maxsize=4096)
def plan(slug: str) -> Plan:
    """Decide the poster of `slug`."""
    digest = sha256(slug.encode()).digest()
    random = Random(digest)  # noqa: S311  a picture, not a secret
    # The last word says what kind of game it is, the first what colour its velvet has.
    words = reversed(slug.lower().split("-"))
    asked = next((ASKED[word] for word in words if word in ASKED), None)
    scene = random.choice(asked) if asked and random.random() < 0.75 else random.choice(ALL)
    full = scene in FULL
    return Plan(
        scene=scene,
        ink=random.randrange(len(INKS)),
        swapped=random.random() < 0.3,
        mirrored=random.random() < 0.5 and scene not in ONE_WAY,
        crop=random.choice(
            ["0 0 240 320", "12 8 216 288", "20 6 200 266.7", "-14 -16 268 357.3"]
            if full or scene in BARE
            else ["0 0 240 320", "12 10 216 288", "18 4 204 272"]
        ),
        backdrop=random.choice(list(BACKDROPS)) if scene in BARE else "",
        frame="" if full else random.choice(["", "", "", *FRAMES]),
        seed=int.from_bytes(digest[:4]),
    )


@lru_cache(maxsize=512)
def poster(slug: str, *, bare: bool = False) -> str:
    """Draw the poster of a game, without its title: that is text on the page.

    bare: leave out the frame, for wide crops.
    """
    chosen = plan(slug)
    random = Random(chosen.seed)  # noqa: S311  a picture, not a secret
    if chosen.scene in MOTIFS:
        drawn = MOTIFS[chosen.scene].removeprefix(GROUND)
    else:
        drawn = SCENES[chosen.scene](random)
    backdrop = BACKDROPS[chosen.backdrop](random) if chosen.backdrop else ""
    scene = f"{backdrop}{drawn}"
    if chosen.mirrored:
        scene = f'<g transform="translate(240 0) scale(-1 1)">{scene}</g>'
    inks = INKS[chosen.ink]
    second, third = (inks["c"], inks["b"]) if chosen.swapped else (inks["b"], inks["c"])
    x, y, width, height = chosen.crop.split()
    frame = FRAMES[chosen.frame](random) if chosen.frame and not bare else ""
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 320" width="240" height="320">'
        f"{GROUND}"
        f'<svg viewBox="{chosen.crop}" width="240" height="320">'
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{{bg}}"/>{scene}</svg>'
        f"{frame}</svg>"
    )
    for name, value in (("{bg}", inks["bg"]), ("{a}", inks["a"]), ("{b}", second), ("{c}", third)):
        picture = picture.replace(name, value)
    return picture
