"""Seals of players: a picture from a hash, the same on every page."""

from functools import lru_cache
from hashlib import sha256
from random import Random

from apps.site.drawing import around, circle, facet, path, rect

PAIRS = [
    ("#1F4D46", "#F3E1BA"),
    ("#6B1F33", "#F5DCC0"),
    ("#23346B", "#F1E3CB"),
    ("#5B2B66", "#F5CDB0"),
    ("#2B2622", "#E0A94A"),
    ("#C4432A", "#1A0F0B"),
    ("#D9B063", "#2A140F"),
    ("#2F4A1E", "#EFE0B4"),
]


def seed_of(text: str) -> str:
    """A name for the picture that does not give away whose it is."""
    return sha256(f"avatar:{text}".encode()).hexdigest()[:16]


@lru_cache(maxsize=2048)
def avatar(seed: str) -> str:
    """Draw the seal of a player: one of eight ink pairs, one of five patterns."""
    random = Random(f"avatar:{seed}")  # noqa: S311  a picture, not a secret
    ground, mark = random.choice(PAIRS)
    drawn = random.choice([blocks, petals, nested, ripples, waves])(random)
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48">'
        f'<rect width="48" height="48" fill="{ground}"/>{drawn}</svg>'
    )
    return picture.replace("{a}", mark).replace("{bg}", ground)


def blocks(random: Random) -> str:
    drawn = ""
    for y in range(6):
        for x in range(3):
            if random.random() < 0.52:
                drawn += rect(6 + x * 6, 6 + y * 6, 6.2, 6.2, "{a}") + rect(
                    36 - x * 6, 6 + y * 6, 6.2, 6.2, "{a}"
                )
    return drawn or facet(24, 24, 16, "{a}")


def petals(random: Random) -> str:
    count = random.choice([4, 5, 6, 8])
    width = {4: 8, 5: 7, 6: 6, 8: 4.6}[count]
    leaf = f'<ellipse cx="0" cy="-11" rx="{width}" ry="10" fill="{{a}}"/>'
    return around(24, 24, count, leaf, random.choice([0, 180 / count])) + circle(
        24, 24, random.choice([3.5, 5]), "{bg}"
    )


def nested(random: Random) -> str:
    sizes = random.choice([(19, 14, 9, 4), (18, 11, 5), (20, 15, 12, 7)])
    return "".join(facet(24, 24, size, "{bg}" if n % 2 else "{a}") for n, size in enumerate(sizes))


def ripples(random: Random) -> str:
    sizes = random.choice([(18, 13, 8, 3), (19, 12, 6), (17, 14, 10, 7, 3)])
    shift = random.choice([0, 3, -3])
    return "".join(
        circle(24 + shift * n / 2, 24, size, "{bg}" if n % 2 else "{a}")
        for n, size in enumerate(sizes)
    )


def waves(random: Random) -> str:
    gap, high = random.choice([(8, 4), (10, 5), (12, 6)])
    return "".join(
        path(f"M-4 {y}Q6 {y - high} 16 {y}T36 {y}T56 {y}", "none", "{a}", gap / 2.4)
        for y in range(gap // 2, 52, gap)
    )
