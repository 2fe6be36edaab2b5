"""What stands behind a motif and what frames it."""

from random import Random

from apps.site.drawing import around, circle, facet, path, polygon, rect
from apps.site.scenes import CX, CY


# Behind the motif.
def rays(random: Random) -> str:
    count = random.choice([12, 16, 20])
    return around(
        CX,
        CY,
        count,
        polygon([(-200 / count * 1.6, -300), (200 / count * 1.6, -300), (0, 0)], "{c}"),
    )


def rings(random: Random) -> str:
    gap = random.choice([16, 22, 30])
    return "".join(
        circle(CX, CY, r, "{c}") + circle(CX, CY, r - gap / 2.4, "{bg}")
        for r in range(gap * (220 // gap), gap, -gap)
    )


def dots(random: Random) -> str:
    gap = random.choice([18, 24])
    return "".join(
        circle(x + (y // gap % 2) * gap / 2, y, max(1, 5.5 - y / 48), "{c}")
        for y in range(8, 216, gap)
        for x in range(0, 250, gap)
    )


def stripes(random: Random) -> str:
    gap = random.choice([18, 26])
    return "".join(
        polygon([(x, 0), (x + gap / 2, 0), (x + gap / 2 - 120, 320), (x - 120, 320)], "{c}")
        for x in range(0, 380, gap)
    )


def disc(random: Random) -> str:
    return circle(CX, random.randint(84, 108), random.randint(76, 98), "{c}")


def hills(random: Random) -> str:
    return circle(random.randint(20, 80), 250, 120, "{c}") + circle(
        random.randint(170, 230), 270, 110, "{c}"
    )


BACKDROPS = {
    "rays": rays,
    "rings": rings,
    "dots": dots,
    "stripes": stripes,
    "disc": disc,
    "hills": hills,
}


# Over the motif.
def keyline(random: Random) -> str:
    cut = random.choice([0, 14, 24])
    d = f"M{8 + cut} 8H{232 - cut}L232 {8 + cut}V330H8V{8 + cut}Z"
    return path(d, "none", random.choice(["{a}", "{b}"]), 2)


def arch(random: Random) -> str:
    ink = random.choice(["{b}", "{c}"])
    return path("M-2-2H242V330H230V118A110 104 0 0 0 10 118V330H-2Z", ink) + path(
        "M10 330V118A110 104 0 0 1 230 118V330", "none", "{a}", 2
    )


def fringe(random: Random) -> str:
    size = random.choice([16, 20, 24])
    ink = random.choice(["{a}", "{b}"])
    return rect(0, 0, 240, 8, ink) + "".join(
        polygon([(x, 7), (x + size, 7), (x + size / 2, 7 + size * 0.7)], ink)
        for x in range(0, 240, size)
    )


def corners(random: Random) -> str:
    ink = random.choice(["{a}", "{c}"])
    size = random.choice([34, 46])
    return "".join(
        polygon([(x, 0), (x + sign * size, 0), (x, size)], "{b}")
        + facet(x + sign * size * 0.32, size * 0.32, 6, ink)
        for x, sign in ((0, 1), (240, -1))
    )


def scallops(random: Random) -> str:
    ink = random.choice(["{b}", "{c}"])
    return "".join(circle(x, 0, 15, ink) + circle(x, 0, 9, "{a}") for x in range(15, 240, 30))


def pillars(random: Random) -> str:
    ink = random.choice(["{b}", "{c}"])
    return "".join(
        rect(x, 0, 14, 320, ink) + "".join(facet(x + 7, y, 4, "{a}") for y in range(12, 220, 18))
        for x in (0, 226)
    )


FRAMES = {
    "keyline": keyline,
    "arch": arch,
    "fringe": fringe,
    "corners": corners,
    "scallops": scallops,
    "pillars": pillars,
}
