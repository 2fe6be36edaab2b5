"""The tree itself: every honest proof holds, and no dishonest one does."""

import copy
import random
from typing import Any

import pytest

from apps.treasury.liabilities import tree
from apps.treasury.liabilities.tree import Head, Node, ProofBroken
from apps.treasury.liabilities.verification import verify
from tests.treasury.liabilities import Publisher, alter, every_lie, published

SIZES = [1, 2, 3, 4, 5, 7, 8, 33, 1000]


@pytest.mark.parametrize("count", SIZES)
def test_everybody_proves_their_place_whatever_the_number_of_players(count: int) -> None:
    publisher = Publisher(count)

    for index in range(0, count, max(count // 37, 1)):
        proof = publisher.proof(index)
        proven = verify(proof, published=publisher.digest)
        [included] = proven.included
        assert included.units == sum(publisher.parts[index].values())
        assert included.total == publisher.total
        assert included.count == count
    assert publisher.total == sum(sum(one.values()) for one in publisher.parts)


def test_the_format_is_what_the_documents_say() -> None:
    publisher = Publisher(3, seed=5)

    # Written down once, so that other people's verifiers go on working.
    assert publisher.digest == EXPECTED


@pytest.mark.parametrize("count", [1, 2, 3, 1000])
@pytest.mark.parametrize("lie", every_lie())
def test_a_proof_that_was_touched_does_not_hold(count: int, lie: str) -> None:
    publisher = Publisher(count)
    proof = publisher.proof(count // 2)
    touched = alter(proof, lie)
    if touched == proof:
        assert count <= 2  # so small a tree has nothing of that kind
        return

    with pytest.raises(ProofBroken):
        verify(touched, published=publisher.digest)


def test_who_is_left_out_cannot_be_given_a_proof() -> None:
    honest = Publisher(8)
    victim = 3
    cheat = honest.without(victim)

    # The tree without them is consistent, its proofs hold for the others …
    verify(cheat.proof(0), published=cheat.digest)
    # … and whatever place the victim is told, it does not lead to what was published.
    for index in range(7):
        forged = cheat.proof(index)
        forged["player"] = honest.players[victim]
        forged["proofs"][0]["parts"] = honest.texts(victim)
        with pytest.raises(ProofBroken):
            verify(forged, published=cheat.digest)
    with pytest.raises(ProofBroken, match="digest is not the published"):
        verify(honest.proof(victim), published=cheat.digest)


def test_whose_balance_was_lowered_sees_it_or_has_no_proof() -> None:
    honest = Publisher(8)
    victim = 3
    cheat = honest.with_parts(victim, {"cash": 1})

    shown = verify(cheat.proof(victim), published=cheat.digest)
    assert shown.included[0].units == 1 != sum(honest.parts[victim].values())
    forged = cheat.proof(victim)
    forged["proofs"][0]["parts"] = honest.texts(victim)
    with pytest.raises(ProofBroken):
        verify(forged, published=cheat.digest)


def test_two_players_with_the_same_balance_cannot_be_shown_the_same_leaf() -> None:
    publisher = Publisher(4)
    publisher = publisher.with_parts(1, publisher.parts[0])
    borrowed = publisher.proof(0)
    borrowed["player"] = publisher.players[1]

    with pytest.raises(ProofBroken):
        verify(borrowed, published=publisher.digest)


def test_a_debt_has_no_place_in_a_tree() -> None:
    head = Head(1, "2026-11-25T00:10:00Z", "BTC")
    parts = dict.fromkeys(tree.PARTS, 0) | {"cash": -5}
    with pytest.raises(ProofBroken, match="negative"):
        tree.leaf(head, player="pl_a", nonce="0" * 64, parts=parts)
    with pytest.raises(ProofBroken, match="negative"):
        tree.parent(Node(b"", 5), Node(b"", -6))
    with pytest.raises(ProofBroken, match="too large"):
        tree.parent(Node(b"", tree.SUM_MAX), Node(b"", 1))


@pytest.mark.parametrize("sibling", ["-5", "340282366920938463463374607431768211456", "1e3", "007"])
def test_sums_that_would_hide_something_are_refused(sibling: str) -> None:
    proof = Publisher(8).proof(2)
    proof["proofs"][0]["path"][1]["sum"] = sibling

    with pytest.raises(ProofBroken):
        verify(proof)


def test_a_padded_tree_is_found() -> None:
    # Three leaves, the last one twice: as good as four in trees that repeat odd leaves.
    publisher = Publisher(3)
    padded = publisher.proof(2)
    own = padded["proofs"][0]
    own["count"] = 4
    own["path"].insert(0, {"hash": publisher.nodes[0][2].hash.hex(), "sum": "0"})
    with pytest.raises(ProofBroken):
        verify(padded, published=publisher.digest)

    # An inner node offered as a leaf, and a leaf as an inner node: other first bytes.
    inner = publisher.nodes[1][0]
    again = tree.leaf(
        publisher.head,
        player="pl_x",
        nonce="0" * 64,
        parts=dict.fromkeys(tree.PARTS, 0) | {"cash": inner.units},
    )
    assert again.hash != inner.hash


def test_the_place_and_the_number_of_leaves_alone_fix_the_path() -> None:
    for count in range(1, 70):
        leaves = [Node(bytes([0]) * 32, 1)] * count
        height = len(tree.levels(leaves))
        for index in range(count):
            shape = tree.path(index, count)
            assert [level for level, _ in shape] == sorted({level for level, _ in shape})
            assert len(shape) < height or height == 1


def test_another_order_of_keys_in_the_file_does_not_matter() -> None:
    publisher = Publisher(5)
    proof = publisher.proof(1)
    mixed = dict(reversed(list(proof.items())))

    assert verify(mixed, published=publisher.digest) == verify(proof)


@pytest.mark.parametrize(
    "nonsense",
    [
        *(None, 1, "x", [], {}, {"format": tree.FORMAT}),
        {"format": tree.FORMAT, "number": True},
        {"format": tree.FORMAT, "number": 1, "taken_at": "now"},
    ],
)
def test_nonsense_is_refused_in_words(nonsense: Any) -> None:
    with pytest.raises(ProofBroken):
        verify(nonsense)


def test_every_field_that_is_missing_or_of_another_kind_is_refused() -> None:
    proof = Publisher(5).proof(1)
    kept = {"site", "key", "signature"}  # told, but not part of the arithmetic
    for name in set(proof) - kept:
        for value in (None, 1.5, [], {}, "", "zz", -1):
            with pytest.raises(ProofBroken):
                verify(proof | {name: value})
    for name in proof["proofs"][0]:
        for value in (None, 1.5, [None], {}, "", "zz", -1):
            touched = copy.deepcopy(proof)
            touched["proofs"][0][name] = value
            with pytest.raises(ProofBroken):
                verify(touched)


def test_random_trees_hold_at_random_places() -> None:
    draw = random.Random(11)
    for seed in range(40):
        publisher = Publisher(draw.randint(1, 60), seed=seed)
        index = draw.randrange(len(publisher.players))
        verify(publisher.proof(index), published=publisher.digest)
        assert published(publisher)


EXPECTED = "75e5c9c3d04cf6456da29ac5bc0a75b89d488698ba3852f793f226d49216f35d"
