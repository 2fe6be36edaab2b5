"""SVG primitives. Inks are written {bg} {a} {b} {c} and filled in last."""

from math import cos, pi, sin

Point = tuple[float, float]


def number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def circle(x: float, y: float, r: float, fill: str) -> str:
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}" fill="{fill}"/>'


def rect(x: float, y: float, w: float, h: float, fill: str, rx: float = 0) -> str:
    corner = f' rx="{number(rx)}"' if rx else ""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
        f' fill="{fill}"{corner}/>'
    )


def polygon(points: list[Point], fill: str) -> str:
    text = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return f'<polygon points="{text}" fill="{fill}"/>'


def path(d: str, fill: str, stroke: str = "", width: float = 0) -> str:
    line = f' stroke="{stroke}" stroke-width="{number(width)}"' if stroke else ""
    return f'<path d="{d}" fill="{fill}"{line}/>'


def polar(x: float, y: float, r: float, turn: float) -> Point:
    """A point at `turn` of a full circle, from the top, clockwise."""
    return x + r * sin(2 * pi * turn), y - r * cos(2 * pi * turn)


def around(x: float, y: float, count: int, shape: str, first: float = 0) -> str:
    """Repeat `shape`, drawn upwards from 0,0, around a centre."""
    return "".join(
        f'<g transform="translate({x} {y}) rotate({number(first + 360 * n / count)})">{shape}</g>'
        for n in range(count)
    )


def facet(x: float, y: float, r: float, fill: str) -> str:
    return polygon([(x, y - r), (x + r, y), (x, y + r), (x - r, y)], fill)


def petal(length: float, width: float, fill: str) -> str:
    d = (
        f"M0 0C{number(-width)} {number(-length * 0.35)}"
        f" {number(-width * 0.8)} {number(-length * 0.8)} 0 {number(-length)}"
    )
    d += (
        f"C{number(width * 0.8)} {number(-length * 0.8)}"
        f" {number(width)} {number(-length * 0.35)} 0 0Z"
    )
    return path(d, fill, "{bg}", 1.6)
