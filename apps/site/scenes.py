"""Motifs that are drawn and not stored: each takes a seeded `Random` and returns SVG in four inks.

The canvas is 240 x 320; the lower third is behind the title.
"""

from collections.abc import Callable
from random import Random

from apps.site.drawing import (
    Point,
    around,
    circle,
    facet,
    number,
    path,
    petal,
    polar,
    polygon,
    rect,
)

Scene = Callable[[Random], str]
CX, CY = 120, 106


def rosette(random: Random) -> str:
    count = random.choice([6, 8, 9, 10, 12])
    outer, inner = random.sample(["{a}", "{b}", "{c}"], 2)
    shapes = [petal(92, 150 / count, outer)]
    if random.random() < 0.5:
        shapes = [polygon([(0, -92), (110 / count, -40), (0, 0), (-110 / count, -40)], outer)]
    drawn = around(CX, CY, count, shapes[0])
    drawn += around(CX, CY, count, petal(62, 120 / count, inner), 180 / count)
    drawn += circle(CX, CY, 26, "{a}") + circle(CX, CY, 19, "{b}")
    drawn += around(CX, CY, count, facet(0, -12, 3.4, "{a}")) + circle(CX, CY, 5, "{c}")
    return drawn


def crystal(random: Random) -> str:
    sides = random.choice([5, 6, 7, 8])
    top, low = random.randint(24, 40), random.randint(176, 198)
    wide = random.randint(62, 84)
    belt = [(CX - wide + 2 * wide * n / (sides - 1), 84 + 10 * (n % 2)) for n in range(sides)]
    crown = [(CX + (x - CX) * 0.55, float(top)) for x, _ in belt]
    drawn = "".join(
        polygon(
            [polar(CX, CY, 300, (n - 0.2) / 16), polar(CX, CY, 300, (n + 0.3) / 16), (CX, CY)],
            "{c}",
        )
        for n in range(16)
    )
    tones = ["{a}", "{b}", "{a}", "{c}"]
    random.shuffle(tones)
    for n in range(sides - 1):
        shade = tones[n % 4]
        drawn += polygon([crown[n], crown[n + 1], belt[n + 1], belt[n]], shade)
        drawn += polygon([belt[n], belt[n + 1], (CX, low)], tones[(n + 1) % 4])
    outline = [*crown, *belt[::-1][:1], (CX, low), belt[0]]
    text = " ".join(f"{number(x)},{number(y)}" for x, y in outline)
    return drawn + f'<polygon points="{text}" fill="none" stroke="{{bg}}" stroke-width="3"/>'


def planet(random: Random) -> str:
    drawn = "".join(
        circle(random.randint(4, 236), random.randint(4, 214), random.choice([1, 1.4, 2.2]), "{a}")
        for _ in range(26)
    )
    r, tilt = random.randint(50, 66), random.choice([-24, -14, 14, 24])
    y = CY + random.randint(-8, 10)
    bands = "".join(
        rect(CX - r, y - r + r * 2 * at, 2 * r, r * size, random.choice(["{b}", "{c}"]))
        for at, size in ((0.14, 0.16), (0.42, 0.26), (0.78, 0.12))
    )
    drawn += f'<clipPath id="p"><circle cx="{CX}" cy="{y}" r="{r}"/></clipPath>'
    drawn += f'<g transform="rotate({tilt} {CX} {y})">'
    drawn += circle(CX, y, r, "{a}") + f'<g clip-path="url(#p)">{bands}</g>'
    for width, ink in ((1.72, "{c}"), (1.5, "{b}")):
        drawn += (
            f'<path d="M{number(CX - r * width)} {y}a{number(r * width)} {number(r * 0.36)} 0 0 0'
            f' {number(2 * r * width)} 0" fill="none" stroke="{ink}" stroke-width="6"/>'
        )
    drawn += "</g>"
    for _ in range(random.randint(1, 3)):
        at = polar(CX, CY, 98, random.random() * 0.5 - 0.25)
        drawn += circle(*at, random.randint(6, 13), random.choice(["{b}", "{c}", "{a}"]))
    return drawn


def ridges(random: Random) -> str:
    x, y, r = random.randint(70, 170), random.randint(60, 92), random.randint(34, 58)
    drawn = circle(x, y, r, "{a}")
    if random.random() < 0.45:
        drawn += circle(x + r * 0.42, y - r * 0.14, r * 0.86, "{bg}")
    else:
        drawn += "".join(
            rect(x - r, y + r * k, 2 * r, 2 + 3 * k, "{bg}") for k in (0.1, 0.3, 0.52, 0.76)
        )
    for layer, ink in enumerate(
        ["{c}", "{b}", "{a}"] if random.random() < 0.5 else ["{b}", "{c}", "{b}"]
    ):
        base = 128 + layer * 34
        points: list[Point] = [(-5, 330)]
        at = -20.0
        sharp = random.random() < 0.6
        while at < 260:
            points.append((at, base - random.randint(6, 52) + layer * 6))
            at += random.randint(18, 46)
            if sharp:
                points.append((at, base + random.randint(0, 18)))
                at += random.randint(16, 40)
        points.append((250, 330))
        drawn += polygon(points, ink)
    return drawn


def tiles(random: Random) -> str:
    drawn, size = "", random.choice([40, 48, 60])
    for row in range(-(-216 // size)):
        for column in range(240 // size):
            x, y = column * size, row * size
            ground, mark = random.sample(["{bg}", "{a}", "{b}", "{c}"], 2)
            drawn += rect(x, y, size, size, ground)
            kind = random.randrange(5)
            if kind == 0:
                cx, cy = random.choice([(x, y), (x + size, y), (x, y + size), (x + size, y + size)])
                sweep = {(x, y): "0 0", (x + size, y): "90", (x + size, y + size): "180"}
                angle = sweep.get((cx, cy), "270").split()[0]
                drawn += path(f"M0 0H{size}A{size} {size} 0 0 1 0 {size}Z", mark).replace(
                    "<path", f'<path transform="translate({cx} {cy}) rotate({angle})"'
                )
            elif kind == 1:
                drawn += circle(x + size / 2, y + size / 2, size * 0.34, mark)
            elif kind == 2:
                drawn += facet(x + size / 2, y + size / 2, size * 0.42, mark)
            elif kind == 3:
                drawn += polygon([(x, y), (x + size, y + size), (x, y + size)], mark)
            else:
                drawn += rect(x, y, size / 2, size, mark) + circle(
                    x + size / 2, y + size / 2, size / 4, ground
                )
    return drawn


def totem(random: Random) -> str:
    wide, skin, dark, glow = random.randint(54, 70), "{a}", "{b}", "{c}"
    if random.random() < 0.5:
        skin, glow = glow, skin
    drawn = ""
    count = random.choice([5, 7, 9])
    for n in range(count):
        turn = (n - (count - 1) / 2) / (count - 1) * 0.52
        tip, left, right = (
            polar(CX, 100, 116, turn),
            polar(CX, 100, 62, turn - 0.03),
            polar(CX, 100, 62, turn + 0.03),
        )
        drawn += polygon([tip, left, right], glow if n % 2 else dark) + circle(
            *polar(CX, 100, 108, turn), 5, skin
        )
    jaw = random.choice([0.5, 0.7, 0.9])
    drawn += path(
        f"M{CX - wide} 70Q{CX} 34 {CX + wide} 70L{number(CX + wide * 0.94)} 136"
        f"Q{number(CX + wide * jaw)} 204 {CX} 208"
        f"Q{number(CX - wide * jaw)} 204 {number(CX - wide * 0.94)} 136Z",
        skin,
        "{bg}",
        3,
    )
    drawn += path(
        f"M{CX - wide} 84Q{CX} 52 {CX + wide} 84L{CX + wide - 2} 98Q{CX} 66 {CX - wide + 2} 98Z",
        dark,
    )
    eye = random.randrange(3)
    for side in (-1, 1):
        x = CX + side * wide * 0.46
        if eye == 0:
            drawn += facet(x, 116, 17, dark) + facet(x, 116, 7, glow)
        elif eye == 1:
            drawn += circle(x, 116, 16, dark) + circle(x, 116, 10, skin) + circle(x, 116, 5, dark)
        else:
            drawn += path(
                f"M{number(x - 19)} 118Q{number(x)} 96 {number(x + 19)}"
                f" 118Q{number(x)} 128 {number(x - 19)} 118Z",
                dark,
            )
            drawn += circle(x, 116, 5, glow)
        drawn += polygon([(x - 9, 146), (x + 9, 146), (x, 168)], glow)
    drawn += polygon([(CX, 104), (CX + 11, 156), (CX, 164), (CX - 11, 156)], dark)
    mouth = random.randint(16, 30)
    drawn += rect(CX - mouth, 176, 2 * mouth, 14, dark, random.choice([0, 7]))
    return drawn + "".join(
        rect(CX - mouth + 5 + n * 9, 176, 4, 14, skin) for n in range(int(mouth * 2 / 9))
    )


def vase(random: Random) -> str:
    belly, neck, foot = random.randint(46, 70), random.randint(14, 24), random.randint(20, 34)
    shape = (
        f"M{CX - neck} 84C{CX - neck} 108 {CX - belly} 104 {CX - belly} 148"
        f"C{CX - belly} 190 {CX - foot} 196 {CX - foot} 226H{CX + foot}"
        f"C{CX + foot} 196 {CX + belly} 190 {CX + belly} 148"
        f"C{CX + belly} 104 {CX + neck} 108 {CX + neck} 84Z"
    )
    drawn = ""
    for n in range(random.choice([3, 5, 7])):
        turn = (n - 3) / 7 * 0.42 if n else 0
        tip = polar(CX, 92, random.randint(62, 80), turn)
        drawn += (
            f'<path d="M{CX} 92Q{number((CX + tip[0]) / 2)} 60 {number(tip[0])}'
            f' {number(tip[1])}" fill="none" stroke="{{b}}" stroke-width="3"/>'
        )
        bloom = random.choice(["{a}", "{c}"])
        drawn += around(round(tip[0]), round(tip[1]), 6, petal(15, 6, bloom)) + circle(
            *tip, 4, "{b}"
        )
    drawn += (
        path(shape, "{a}")
        + f'<clipPath id="v"><path d="{shape}"/></clipPath><g clip-path="url(#v)">'
    )
    for y in (112, 136, 172, 200):
        band, mark = random.sample(["{b}", "{c}", "{bg}"], 2)
        drawn += rect(40, y, 160, 20, band)
        kind = random.randrange(3)
        for x in range(46, 200, 16):
            if kind == 0:
                drawn += facet(x, y + 10, 7, mark)
            elif kind == 1:
                drawn += polygon([(x - 8, y + 20), (x, y), (x + 8, y + 20)], mark)
            else:
                drawn += circle(x, y + 10, 5, mark)
    return drawn + "</g>" + rect(CX - neck - 7, 78, 2 * neck + 14, 10, "{b}", 3)


SUITS = {
    "spade": "M0-60C24-28 58-8 58 20C58 46 26 52 8 34C10 50 16 58 26"
    " 64H-26C-16 58-10 50-8 34C-26 52-58 46-58 20C-58-8-24-28 0-60Z",
    "heart": "M0 60C-20 34-60 8-60-22C-60-56-18-62 0-34C18-62 60-56 60-22C60 8 20 34 0 60Z",
    "club": "M-9 30C-26 48-62 40-62 8C-62-20-36-30-24-22C-40-48-16-66 0-66C16-66 40-48"
    " 24-22C36-30 62-20 62 8C62 40 26 48 9 30C11 50 18 58 28 64H-28C-18 58-11 50-9 30Z",
    "diamond": "M0-68L54 0L0 68L-54 0Z",
}


def suit(random: Random) -> str:
    name = random.choice(list(SUITS))
    big, line, small = random.sample(["{a}", "{b}", "{c}"], 3)
    drawn = ""
    if random.random() < 0.6:
        drawn += around(CX, CY, 24, polygon([(-7, -230), (7, -230), (0, 0)], small))
    else:
        drawn += circle(CX, CY, 94, small) + circle(CX, CY, 86, "{bg}") + circle(CX, CY, 78, small)
    drawn += f'<path transform="translate({CX} {CY}) scale(1.24)" d="{SUITS[name]}" fill="{{bg}}"/>'
    drawn += f'<path transform="translate({CX} {CY}) scale(1.12)" d="{SUITS[name]}" fill="{big}"/>'
    drawn += (
        f'<path transform="translate({CX} {CY}) scale(.8)"'
        f' d="{SUITS[name]}" fill="none" stroke="{line}" stroke-width="3"/>'
    )
    inner = random.choice(list(SUITS))
    return (
        drawn
        + f'<path transform="translate({CX} {CY}) scale(.36)" d="{SUITS[inner]}" fill="{line}"/>'
    )


def wheel(random: Random) -> str:
    count = random.choice([10, 12, 16, 18, 20])
    drawn = circle(CX, CY, 98, "{b}") + circle(CX, CY, 92, "{c}") + circle(CX, CY, 86, "{b}")
    turn = random.random() / count
    for n in range(count):
        ink = ["{a}", "{bg}"][n % 2] if n else "{c}"
        start, end = polar(CX, CY, 82, n / count + turn), polar(CX, CY, 82, (n + 1) / count + turn)
        d = (
            f"M{CX} {CY}L{number(start[0])} {number(start[1])}"
            f"A82 82 0 0 1 {number(end[0])} {number(end[1])}Z"
        )
        drawn += path(d, ink)
        drawn += circle(*polar(CX, CY, 70, (n + 0.5) / count + turn), 3.4, "{b}")
    drawn += circle(CX, CY, 46, "{b}") + circle(CX, CY, 40, "{c}") + circle(CX, CY, 30, "{b}")
    drawn += around(
        CX, CY, random.choice([4, 6]), polygon([(-5, 0), (5, 0), (2, -36), (-2, -36)], "{a}")
    )
    ball = polar(CX, CY, 60, random.random())
    return drawn + circle(CX, CY, 9, "{a}") + circle(*ball, 7, "{a}")


def curve(random: Random) -> str:
    drawn = "".join(rect(0, y, 240, 1.4, "{c}") for y in range(24, 220, 28))
    drawn += "".join(rect(x, 0, 1.4, 220, "{c}") for x in range(20, 240, 40))
    top, right = random.randint(26, 54), random.randint(180, 206)
    bend = random.randint(90, 150)
    line = f"M10 196C{bend} 194 {right - 26} 150 {right} {top + 14}"
    drawn += path(f"{line}V220H10Z", "{b}") + path(line, "none", "{a}", 8)
    drawn += facet(right, top, 26, "{a}") + facet(right, top, 12, "{b}")
    for n in range(random.randint(2, 5)):
        drawn += facet(random.randint(20, 130), random.randint(20, 110), 4 + n, "{c}")
    return drawn


def coins(random: Random) -> str:
    drawn = around(CX, 130, 20, polygon([(-8, -260), (8, -260), (0, 0)], "{c}"))
    for x in (58, 120, 182):
        height = random.randint(4, 9)
        face, edge = random.sample(["{a}", "{b}"], 2)
        for n in range(height):
            y = 196 - n * 17
            drawn += f'<ellipse cx="{x}" cy="{y + 7}" rx="34" ry="12" fill="{edge}"/>'
            drawn += (
                f'<ellipse cx="{x}" cy="{y}" rx="34" ry="12"'
                f' fill="{face}" stroke="{{bg}}" stroke-width="2"/>'
            )
        drawn += facet(x, 196 - (height - 1) * 17, 7, edge)
    return drawn


def key(random: Random) -> str:
    turn = random.choice([-35, -20, 20, 35])
    drawn = circle(CX, CY, 96, "{c}") + circle(CX, CY, 88, "{bg}") if random.random() < 0.5 else ""
    drawn += f'<g transform="rotate({turn} {CX} {CY})">'
    lobes = random.choice([1, 3, 4])
    if lobes == 1:
        drawn += circle(CX, 60, 36, "{a}") + circle(CX, 60, 20, "{bg}")
    else:
        drawn += around(CX, 60, lobes, circle(0, -22, 22, "{a}") + circle(0, -22, 10, "{bg}"))
    drawn += rect(CX - 8, 84, 16, 118, "{a}", 3) + rect(CX - 15, 92, 30, 8, "{b}", 2)
    for n in range(random.randint(2, 4)):
        drawn += rect(CX + 8, 150 + n * 15, random.randint(16, 34), 10, "{a}")
    return drawn + facet(CX, 60, 9, "{b}") + "</g>"


def palms(random: Random) -> str:
    drawn = circle(CX, 92, random.randint(50, 72), "{a}")
    for x, lean, ink in ((74, -1, "{b}"), (170, 1, "{c}"))[: random.choice([1, 2])]:
        top = random.randint(56, 96)
        drawn += path(
            f"M{x - 5} 330Q{x + lean * 12} 200 {x - 3} {top}"
            f"H{x + 4}Q{x + lean * 12 + 12} 200 {x + 9} 330Z",
            ink,
        )
        count = random.choice([6, 7, 8])
        leaf = path("M0 0Q-14-40 6-66Q14-34 0 0Z", ink)
        drawn += "".join(
            f'<g transform="translate({x} {top})'
            f' rotate({number(-125 + 250 * n / (count - 1))})">{leaf}</g>'
            for n in range(count)
        )
    waves = random.choice([0, 1])
    for n in range(4):
        y = 190 + n * 14
        drawn += (
            rect(0, y, 240, 8, "{c}" if n % 2 else "{b}")
            if waves
            else circle(40 + n * 56, 232, 44, "{c}" if n % 2 else "{b}")
        )
    return drawn


def comet(random: Random) -> str:
    x, y, r = random.randint(120, 168), random.randint(66, 96), random.randint(28, 40)
    drawn = "".join(
        facet(random.randint(6, 234), random.randint(6, 210), random.choice([2, 3, 5]), "{a}")
        for _ in range(18)
    )
    drawn += f'<g transform="rotate(-38 {x} {y})">'
    for n, ink in enumerate(["{c}", "{b}", "{a}", "{c}", "{b}"]):
        drawn += rect(x - 260, y - r + n * r * 0.4, 260, r * 0.4 + 0.6, ink)
    drawn += circle(x, y, r, "{a}") + circle(x, y, r * 0.68, "{b}") + circle(x, y, r * 0.36, "{c}")
    return drawn + "</g>"


def horseshoe(random: Random) -> str:
    ring = random.choice(["{a}", "{c}"])
    drawn = around(
        CX, CY, 18, polygon([(-10, -240), (10, -240), (0, 0)], "{b}" if ring == "{c}" else "{c}")
    )
    for width, ink in ((46, "{bg}"), (38, ring), (24, "{b}")):
        drawn += path("M70 184C36 120 52 44 120 44C188 44 204 120 170 184", "none", ink, width)
    for n in range(7):
        at = polar(CX, 112, 68, (n - 3) * 0.115)
        drawn += facet(*at, 6, ring)
    return drawn + random.choice(
        [
            facet(CX, 128, 26, "{a}") + facet(CX, 128, 12, "{b}"),
            f'<path transform="translate({CX} 126) scale(.5)" d="{SUITS["club"]}" fill="{{a}}"/>',
        ]
    )


def ship(random: Random) -> str:
    x = random.randint(104, 136)
    drawn = circle(random.choice([60, 180]), 66, random.randint(26, 40), "{a}")
    drawn += path(f"M{x - 64} 168H{x + 64}L{x + 44} 200H{x - 44}Z", "{b}") + rect(
        x - 3, 40, 6, 130, "{b}"
    )
    for side in (-1, 1):
        drawn += path(
            f"M{x + side * 5} {46 + 14 * (side > 0)}Q{x + side * 70}"
            f" 100 {x + side * 58} 160H{x + side * 5}Z",
            "{a}" if side < 0 else "{c}",
        )
    drawn += polygon([(x, 28), (x + 30, 37), (x, 46)], "{c}")
    for row in range(4):
        for n in range(-1, 9):
            cx, cy = n * 34 + (row % 2) * 17, 208 + row * 15
            drawn += (
                circle(cx, cy, 19, "{bg}")
                + circle(cx, cy, 16, ["{c}", "{a}", "{b}"][row % 3])
                + circle(cx, cy, 9, "{bg}")
            )
    return drawn


def scarab(random: Random) -> str:
    wings = random.choice([5, 6, 7])
    drawn = circle(CX, 46, random.randint(20, 28), "{b}")
    for side in (-1, 1):
        for n in range(wings):
            turn = 90 + side * 0 + (n - wings / 2) * 11
            feather = path(
                f"M0 0C{30} -16 {80} -14 {104 - n * 5} 0C{80} 12 30 10 0 0Z",
                ["{a}", "{c}"][n % 2],
                "{bg}",
                1.6,
            )
            drawn += (
                f'<g transform="translate({CX + side * 8} 120) scale({side}'
                f' 1) rotate({number(turn - 90 - 10)})">{feather}</g>'
            )
    drawn += (
        f'<ellipse cx="{CX}" cy="132" rx="34" ry="46"'
        f' fill="{{b}}" stroke="{{bg}}" stroke-width="3"/>'
    )
    drawn += (
        rect(CX - 1.5, 118, 3, 60, "{a}")
        + path("M90 118Q120 100 150 118", "none", "{a}", 3)
        + circle(CX, 92, 17, "{b}")
    )
    return (
        drawn
        + "".join(facet(CX + dx, 146 + abs(dx) * 0.2, 6, "{c}") for dx in (-16, 16))
        + facet(CX, 92, 6, "{a}")
    )


def dice(random: Random) -> str:
    drawn = "".join(circle(x, y, 3, "{c}") for x in range(12, 240, 24) for y in range(12, 220, 24))
    spots = {1: "4", 2: "08", 3: "048", 4: "0268", 5: "02468", 6: "023568"}
    for x, y, half, face, dot in ((150, 74, 42, "{a}", "{b}"), (92, 134, 54, "{b}", "{a}")):
        turn = random.randint(-28, 28)
        drawn += f'<g transform="translate({x} {y}) rotate({turn})">' + rect(
            -half + 6, -half + 8, 2 * half, 2 * half, "{bg}", 14
        )
        drawn += rect(-half, -half, 2 * half, 2 * half, face, 14)
        for spot in spots[random.randint(1, 6)]:
            drawn += circle(
                (int(spot) % 3 - 1) * half * 0.54,
                (int(spot) // 3 - 1) * half * 0.54,
                half * 0.15,
                dot,
            )
        drawn += "</g>"
    return drawn


def fans(random: Random) -> str:
    """Seigaiha: rows of nested discs with one in another ink."""
    drawn, size = "", random.choice([40, 48, 60])
    lucky = random.randrange(12)
    count = 0
    for row in range(int(216 / (size * 0.5)) + 2):
        for n in range(-1, int(240 / size) + 2):
            x, y = n * size + (row % 2) * size / 2, row * size * 0.5
            outer, inner = ("{b}", "{a}") if count % 12 == lucky else ("{a}", "{c}")
            count += 1
            for scale, ink in (
                (0.5, "{bg}"),
                (0.46, outer),
                (0.36, "{bg}"),
                (0.26, inner),
                (0.16, "{bg}"),
            ):
                drawn += circle(x, y, size * scale, ink)
    return drawn


def cup(random: Random) -> str:
    wide = random.randint(48, 64)
    drawn = around(CX, 84, 22, polygon([(-8, -240), (8, -240), (0, 0)], "{c}"))
    for side in (-1, 1):
        drawn += path(
            f"M{CX + side * wide} 66C{CX + side * 102} 62"
            f" {CX + side * 96} 128 {CX + side * 34} 124",
            "none",
            "{b}",
            9,
        )
    drawn += path(
        f"M{CX - wide} 48H{CX + wide}C{CX + wide} 112 {CX + 28} 140 {CX + 10}"
        f" 146V176H{CX - 10}V146C{CX - 28} 140 {CX - wide} 112 {CX - wide} 48Z",
        "{a}",
        "{bg}",
        2,
    )
    drawn += (
        rect(CX - wide - 5, 42, 2 * wide + 10, 12, "{b}", 3)
        + rect(CX - 36, 176, 72, 14, "{b}", 3)
        + rect(CX - 48, 190, 96, 30, "{a}")
    )
    return drawn + (
        facet(CX, 92, 24, "{b}") + facet(CX, 92, 11, "{c}")
        if random.random() < 0.5
        else around(CX, 92, 5, petal(26, 9, "{b}"))
    )


SCENES: dict[str, Scene] = {
    "rosette": rosette,
    "crystal": crystal,
    "planet": planet,
    "ridges": ridges,
    "tiles": tiles,
    "totem": totem,
    "vase": vase,
    "suit": suit,
    "wheel": wheel,
    "curve": curve,
    "coins": coins,
    "key": key,
    "palms": palms,
    "comet": comet,
    "horseshoe": horseshoe,
    "ship": ship,
    "scarab": scarab,
    "dice": dice,
    "fans": fans,
    "cup": cup,
}
