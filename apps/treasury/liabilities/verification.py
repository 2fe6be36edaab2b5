"""Check a proof of liabilities from its file alone, and against what was published.

Nothing here reads the database: the caller says what was published.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.treasury.liabilities import tree as trees
from apps.treasury.liabilities.tree import Head, ProofBroken

HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
DIGITS = re.compile(r"0|[1-9][0-9]{0,39}", re.ASCII)
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
WORD = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)
LEVELS_MAX = 64


@dataclass(frozen=True)
class Included:
    """One currency of a proof that holds. Units are whole smallest ones."""

    currency: str
    scale: int
    units: int
    parts: dict[str, int]
    total: int
    count: int


@dataclass(frozen=True)
class Proven:
    """What a proof proves. digest: what has to be the published one."""

    number: int
    taken_at: str
    player: str
    digest: str
    included: list[Included]


def verify(proof: Any, *, published: str | None = None) -> Proven:
    """Recompute everything a proof says. published: the digest that was published.

    Raises ProofBroken with the first thing that does not hold.
    """
    if not isinstance(proof, Mapping) or proof.get("format") != trees.FORMAT:
        raise ProofBroken("This is not a proof of liabilities.")
    number = _whole(proof, "number", 1, 2**31)
    taken_at, player = _text(proof, "taken_at", MOMENT), _text(proof, "player", WORD)
    roots = proof.get("roots")
    if not isinstance(roots, Mapping):
        raise ProofBroken("The roots are missing.")
    for code in roots:
        if not WORD.fullmatch(str(code)):
            raise ProofBroken("A currency has an impossible name.")
        _text(roots, code, HEX)
    digest = trees.digest(number, taken_at, _text(proof, "previous", HEX), dict(roots))
    if digest != proof.get("digest"):
        raise ProofBroken("The roots do not give the digest.")
    if published is not None and digest != published.strip().lower():
        raise ProofBroken("The digest is not the published one.")
    proofs = proof.get("proofs")
    if not isinstance(proofs, list) or not proofs:
        raise ProofBroken("The proof holds no currency.")
    included = [_included(one, number, taken_at, player, roots) for one in proofs]
    if len({one.currency for one in included}) != len(included):
        raise ProofBroken("A currency is there twice.")
    return Proven(number, taken_at, player, digest, included)


def _included(
    one: Any, number: int, taken_at: str, player: str, roots: Mapping[str, str]
) -> Included:
    if not isinstance(one, Mapping):
        raise ProofBroken("A currency cannot be read.")
    code = _text(one, "currency", WORD)
    scale, count = _whole(one, "scale", 0, 18), _whole(one, "count", 1, trees.COUNT_MAX)
    parts, path = one.get("parts"), one.get("path")
    if not isinstance(parts, Mapping) or set(parts) != set(trees.PARTS):
        raise ProofBroken(f"{code}: the parts are not the ones there are.")
    if not isinstance(path, list) or len(path) > LEVELS_MAX:
        raise ProofBroken(f"{code}: the path cannot be read.")
    units = {name: _units(parts, name) for name in trees.PARTS}
    head = Head(number, taken_at, code)
    start = trees.leaf(head, player=player, nonce=_text(one, "nonce", HEX), parts=units)
    siblings = [trees.Node(bytes.fromhex(_text(s, "hash", HEX)), _units(s, "sum")) for s in path]
    top = trees.climb(start, _whole(one, "index", 0, trees.COUNT_MAX), count, siblings)
    if top.units != _units(one, "total"):
        raise ProofBroken(f"{code}: the sums do not add up to the total.")
    if trees.root(head, scale=scale, count=count, top=top) != roots.get(code):
        raise ProofBroken(f"{code}: the path does not lead to the root.")
    return Included(code, scale, start.units, units, top.units, count)


def _text(found: Any, name: str, shape: re.Pattern[str]) -> str:
    value = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise ProofBroken(f"{name} cannot be read.")
    return value


def _units(found: Any, name: str) -> int:
    return int(_text(found, name, DIGITS))


def _whole(found: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = found.get(name)
    if type(value) is not int or not least <= value <= most:
        raise ProofBroken(f"{name} cannot be read.")
    return value
