"""docs/compliance.md against the markers of the tests: no proof that is gone, no row without a reason."""

import ast
import re
from collections import defaultdict
from functools import cache

from django.conf import settings

SECTIONS = {"ACC": 21, "RG": 33, "AML": 22, "PAY": 30, "GAM": 23, "AUD": 15, "SEC": 25}
ROW = re.compile(r"^\| ([A-Z]+-\d\d) \| (.+) \| (.+) \|$", re.MULTILINE)
FILE = re.compile(r"`(tests/[\w/]+\.py)`")
REASON_LENGTH_MIN = 20


@cache
def table() -> list[tuple[str, str, str]]:
    return ROW.findall((settings.BASE_DIR / "docs" / "compliance.md").read_text())


@cache
def markers() -> dict[str, set[str]]:
    """Which files carry which rule, read from the tests themselves."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (settings.BASE_DIR / "tests").rglob("*.py"):
        text = path.read_text()
        if "mark.rule(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "rule":
                for one in node.args:
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        found[one.value].add(path.relative_to(settings.BASE_DIR).as_posix())
    return found


def test_every_rule_of_the_catalogue_has_one_row() -> None:
    rows = [rule for rule, _, _ in table()]

    assert rows == [
        f"{section}-{number:02d}"
        for section, last in SECTIONS.items()
        for number in range(1, last + 1)
    ]


def test_a_proof_is_where_the_row_says_it_is() -> None:
    wrong = {
        rule: sorted(set(FILE.findall(proof)) ^ markers().get(rule, set()))
        for rule, _, proof in table()
        if set(FILE.findall(proof)) != markers().get(rule, set())
    }

    assert wrong == {}


def test_a_row_without_a_proof_says_why() -> None:
    silent = [
        rule
        for rule, words, proof in table()
        if len(words) < REASON_LENGTH_MIN
        or (not FILE.search(proof) and not re.fullmatch(r"Not proven: .{20,}", proof))
    ]

    assert silent == []


def test_no_test_claims_a_rule_that_is_not_in_the_catalogue() -> None:
    claimed = {rule for rule in markers() if re.fullmatch(r"[A-Z]+-\d+", rule)}

    assert sorted(claimed - {rule for rule, _, _ in table()}) == []
