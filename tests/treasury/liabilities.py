"""A publisher in memory, honest or not, and the ways to touch a proof."""

import copy
import random
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from apps.treasury.liabilities import tree
from apps.treasury.liabilities.tree import Head

GENESIS = "0" * 64
TAKEN_AT = "2026-11-25T00:10:00Z"
Json = dict[str, Any]


@dataclass
class Publisher:
    """`count` players with random parts in one currency, and what is published about them."""

    count: int
    seed: int = 1
    number: int = 7
    players: list[str] = field(default_factory=list)
    parts: list[dict[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        draw = random.Random(self.seed)
        if not self.players:
            self.players = [f"pl_{at:05}" for at in range(self.count)]
            self.parts = [
                {name: draw.choice((0, draw.randint(0, 10**12))) for name in tree.PARTS}
                for _ in range(self.count)
            ]
        self.head = Head(self.number, TAKEN_AT, "BTC")
        self.nonces = [
            sha256(f"{self.seed}{player}".encode()).hexdigest() for player in self.players
        ]
        self.nodes = tree.levels(
            [
                tree.leaf(self.head, player=player, nonce=nonce, parts=parts)
                for player, nonce, parts in zip(self.players, self.nonces, self.parts, strict=True)
            ]
        )
        top = self.nodes[-1][0]
        self.total = top.units
        self.roots = {"BTC": tree.root(self.head, scale=8, count=self.count, top=top)}
        self.digest = tree.digest(self.number, TAKEN_AT, GENESIS, self.roots)

    def proof(self, index: int) -> Json:
        return {
            "format": tree.FORMAT,
            "site": "Cinnabar",
            "number": self.number,
            "taken_at": TAKEN_AT,
            "previous": GENESIS,
            "digest": self.digest,
            "key": 1,
            "signature": "00" * 64,
            "player": self.players[index],
            "roots": dict(self.roots),
            "proofs": [
                {
                    "currency": "BTC",
                    "scale": 8,
                    "count": self.count,
                    "total": str(self.total),
                    "index": index,
                    "nonce": self.nonces[index],
                    "parts": self.texts(index),
                    "path": [
                        {
                            "hash": self.nodes[level][place].hash.hex(),
                            "sum": str(self.nodes[level][place].units),
                        }
                        for level, place in tree.path(index, self.count)
                    ],
                }
            ],
        }

    def texts(self, index: int) -> dict[str, str]:
        return {name: str(units) for name, units in self.parts[index].items()}

    def without(self, index: int) -> "Publisher":
        players, parts = list(self.players), list(self.parts)
        del players[index], parts[index]
        return Publisher(self.count - 1, self.seed, self.number, players, parts)

    def with_parts(self, index: int, parts: dict[str, int]) -> "Publisher":
        changed = list(self.parts)
        changed[index] = dict.fromkeys(tree.PARTS, 0) | parts
        return Publisher(self.count, self.seed, self.number, list(self.players), changed)


def published(publisher: Publisher) -> bool:
    """Whether the total of the tree is what its players hold."""
    return publisher.total == sum(sum(one.values()) for one in publisher.parts)


LIES: dict[str, Any] = {
    "other player": lambda proof, own: proof.update(player="pl_other"),
    "other number": lambda proof, own: proof.update(number=8),
    "other moment": lambda proof, own: proof.update(taken_at="2026-11-25T00:10:01Z"),
    "other past": lambda proof, own: proof.update(previous="1" * 64),
    "other digest": lambda proof, own: proof.update(digest="1" * 64),
    "other root": lambda proof, own: proof["roots"].update(BTC="1" * 64),
    "one more currency": lambda proof, own: proof["roots"].update(ETH="1" * 64),
    "same currency twice": lambda proof, own: proof["proofs"].append(own),
    "more cash": lambda proof, own: own["parts"].update(cash=str(int(own["parts"]["cash"]) + 1)),
    "cash in the vault": lambda proof, own: own["parts"].update(
        cash="0", vault=str(int(own["parts"]["vault"]) + int(own["parts"]["cash"]) + 1)
    ),
    "one more purse": lambda proof, own: own["parts"].update(debt="0"),
    "other nonce": lambda proof, own: own.update(nonce="2" * 64),
    "other currency": lambda proof, own: own.update(currency="ETH"),
    "other scale": lambda proof, own: own.update(scale=7),
    "larger total": lambda proof, own: own.update(total=str(int(own["total"]) + 1)),
    "one leaf more": lambda proof, own: own.update(count=own["count"] + 1),
    "twice the leaves": lambda proof, own: own.update(count=own["count"] * 2),
    "place outside": lambda proof, own: own.update(index=own["count"]),
    "next place": lambda proof, own: own.update(index=own["index"] ^ 1),
    "longer path": lambda proof, own: own["path"].append({"hash": "3" * 64, "sum": "0"}),
    "shorter path": lambda proof, own: own["path"] and own["path"].pop(),
    "turned path": lambda proof, own: own["path"].reverse(),
    "sibling hash": lambda proof, own: own["path"] and own["path"][0].update(hash="4" * 64),
    "sibling sum": lambda proof, own: (
        own["path"] and own["path"][0].update(sum=str(int(own["path"][0]["sum"]) + 1))
    ),
    "moved between siblings": lambda proof, own: _move(own["path"]),
    "negative sibling": lambda proof, own: own["path"] and own["path"][0].update(sum="-1"),
}


def every_lie() -> list[str]:
    return list(LIES)


def alter(proof: Json, lie: str) -> Json:
    touched = copy.deepcopy(proof)
    LIES[lie](touched, touched["proofs"][0])
    return touched


def _move(path: list[Json]) -> None:
    """The total stays, the parts do not: what hashing only the total would let pass."""
    if len(path) > 1:
        path[0]["sum"] = str(int(path[0]["sum"]) + 1)
        path[1]["sum"] = str(int(path[1]["sum"]) - 1)
