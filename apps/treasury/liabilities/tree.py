"""A Merkle sum tree: every node is a hash and a sum, and the root commits to both.

Hashed texts are plain lines, so that anybody can write a verifier from docs/proofs.md. What keeps
the publisher honest: a node hashes the sums of both children, not only their total; leaves, nodes
and roots start with different bytes; sums are never negative and never above `SUM_MAX`; the root
says how many leaves there are, and the place of a leaf and that number alone fix the shape of its
path, so nothing can be padded, repeated or hung in elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

FORMAT = "proof-of-liabilities/1"
SUM_MAX = 2**128 - 1
COUNT_MAX = 2**40
# What a leaf is made of: the purses of a player, and the stakes of rounds that are not over.
STAKED = "staked"
PARTS = ("cash", "bonus", "vault", "reserved", "held", STAKED)


class ProofBroken(Exception):
    """The message says what does not hold."""


@dataclass(frozen=True, slots=True)
class Node:
    """units: the sum of everything below it, whole smallest units."""

    hash: bytes
    units: int

    @property
    def text(self) -> str:
        return f"{self.hash.hex()}:{self.units}"


@dataclass(frozen=True, slots=True)
class Head:
    """What all texts of one tree begin with."""

    number: int
    taken_at: str
    currency: str

    @property
    def lines(self) -> list[str]:
        return [FORMAT, str(self.number), self.taken_at, self.currency]


def leaf(head: Head, *, player: str, nonce: str, parts: Mapping[str, int]) -> Node:
    """One player's leaf. nonce: 64 hexadecimal digits that only the player is told."""
    units = [_in_range(parts[name]) for name in PARTS]
    named = [f"{name} {one}" for name, one in zip(PARTS, units, strict=True)]
    text = "\n".join([*head.lines, player, nonce, *named])
    return Node(sha256(b"\x00" + text.encode()).digest(), _in_range(sum(units)))


def parent(left: Node, right: Node) -> Node:
    return Node(
        sha256(b"\x01" + f"{left.text}\n{right.text}".encode()).digest(),
        _in_range(left.units + right.units),
    )


def levels(leaves: Sequence[Node]) -> list[list[Node]]:
    """From the leaves to the top; an odd node at the end moves up as it is."""
    found = [list(leaves)]
    while len(found[-1]) > 1:
        below = found[-1]
        level = [parent(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        found.append(level + below[len(level) * 2 :])
    return found


def path(index: int, count: int) -> list[tuple[int, int]]:
    """Level and place of each sibling on the way from a leaf to the top."""
    found = []
    level = 0
    while count > 1:
        if index % 2 == 1 or index + 1 < count:
            found.append((level, index ^ 1))
        index, count, level = index // 2, (count + 1) // 2, level + 1
    return found


def climb(start: Node, index: int, count: int, siblings: Sequence[Node]) -> Node:
    """The top that a leaf and its siblings lead to. Raises ProofBroken."""
    if not (1 <= count <= COUNT_MAX and 0 <= index < count):
        raise ProofBroken("The place of the leaf is outside the tree.")
    shape = path(index, count)
    if len(shape) != len(siblings):
        raise ProofBroken("The path does not have the length that its place asks for.")
    node = start
    for (_, place), sibling in zip(shape, siblings, strict=True):
        _in_range(sibling.units)
        node = parent(sibling, node) if place % 2 == 0 else parent(node, sibling)
    return node


def root(head: Head, *, scale: int, count: int, top: Node) -> str:
    """What is published of a tree, as hexadecimal digits."""
    text = "\n".join([*head.lines, str(scale), str(count), top.text])
    return sha256(b"\x02" + text.encode()).hexdigest()


def digest(number: int, taken_at: str, previous: str, roots: Mapping[str, str]) -> str:
    """One line for all currencies of a day, chained to the one before."""
    named = [f"{code} {roots[code]}" for code in sorted(roots)]
    text = "\n".join([FORMAT, str(number), taken_at, previous, *named])
    return sha256(b"\x03" + text.encode()).hexdigest()


def message(number: int, digest_hex: str) -> bytes:
    """What is signed."""
    return f"{FORMAT}\n{number}\n{digest_hex}\n".encode()


def _in_range(units: int) -> int:
    if not 0 <= units <= SUM_MAX:
        raise ProofBroken("A sum is negative or too large.")
    return units
