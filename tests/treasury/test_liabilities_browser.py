"""The verifier in a browser is another implementation: it must agree with ours on everything."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from apps.accounts.models import Player
from apps.audit import signatures
from apps.treasury.liabilities import selectors, services, views
from apps.treasury.liabilities.tree import ProofBroken
from apps.treasury.liabilities.verification import verify
from apps.wallet.statements import periods, rendering
from apps.wallet.statements import services as statements
from tests.conftest import fund
from tests.site import browser
from tests.statements.factories import exchange, money, play
from tests.treasury.liabilities import Publisher, alter, every_lie
from tests.treasury.walking import walk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
]


@pytest.fixture(autouse=True)
def _anchors(settings: Any, tmp_path: Path) -> None:
    settings.ANCHOR_DIR = tmp_path


@pytest.fixture
def saved(client: Client, tmp_path: Path) -> Iterator[Page]:
    """The verifier as a file on disk: no server, no network."""
    path = tmp_path / "verifier.html"
    path.write_text(views.VERIFIER_TEXT)
    with browser.visiting(client) as visit:
        visit.page.unroute_all()
        visit.page.context.set_offline(True)
        visit.page.goto(path.as_uri())
        yield visit.page
        assert visit.complaints == []


def told(page: Page, proof: Any, digest: str = "", key: str = "") -> dict[str, Any]:
    text = proof if isinstance(proof, str) else json.dumps(proof)
    found: dict[str, Any] = page.evaluate(
        """async ([text, digest, key]) => {
            const found = await check(text, digest, key);
            found.currencies.forEach(one => { for (const name in one) one[name] = String(one[name]); });
            return found;
        }""",
        [text, digest, key],
    )
    return found


def test_both_verifiers_agree_on_every_vector(saved: Page) -> None:
    vectors = []
    for count in (1, 2, 3, 4, 6, 33, 1000):
        publisher = Publisher(count, seed=count)
        for index in {0, count // 2, count - 1}:
            vectors.append((publisher.proof(index), publisher.digest))
            vectors += [
                (alter(publisher.proof(index), lie), publisher.digest) for lie in every_lie()
            ]
            vectors.append((publisher.proof(index), "0" * 64))
    for nonsense in ("", "{", "null", "[]", "1", '{"format": "proof-of-liabilities/1"}'):
        vectors.append((nonsense, ""))

    agreed = {True: 0, False: 0}
    for proof, digest in vectors:
        try:
            document = json.loads(proof) if isinstance(proof, str) else proof
            expected = verify(document, published=digest or None)
        except (ProofBroken, ValueError):
            expected = None
        found = told(saved, proof, digest)
        assert found["ok"] == (expected is not None), (proof, found)
        if expected is not None:
            assert found["digest"] == expected.digest
            assert [(int(one["own"]), int(one["total"])) for one in found["currencies"]] == [
                (one.units, one.total) for one in expected.included
            ]
        agreed[found["ok"]] += 1
    assert agreed[True] >= 18
    assert agreed[False] > 300


def test_a_real_proof_is_checked_with_its_signature(player: Player, saved: Page) -> None:
    with browser.no_running_loop():
        fund(player, "0.5", "BTC")
        fund(player, "2", "ETH")
        snapshot = services.publish_daily()
        assert snapshot is not None
        proof = selectors.proof(player, 1)
        [key] = [one.hex() for one in signatures.public_keys().values()][:1]

    saved.get_by_label("or its text").fill(json.dumps(proof))
    saved.get_by_label("The published digest").fill(snapshot.digest)
    saved.get_by_label("The casino's public key").fill(key)
    saved.get_by_role("button", name="Check").click()
    expect(saved.get_by_role("heading", name="Included")).to_be_visible()
    expect(saved.locator("#answer")).to_contain_text("0.50000000")
    expect(saved.locator("#answer")).to_contain_text("signed with this key")
    assert told(saved, proof, snapshot.digest, "ab" * 32)["ok"] is False
    assert told(saved, proof | {"signature": "0" * 128}, snapshot.digest, key)["words"] == (
        "The signature is wrong."
    )
    proof["proofs"][0]["parts"]["cash"] = "60000000"
    saved.get_by_label("or its text").fill(json.dumps(proof))
    saved.get_by_role("button", name="Check").click()
    expect(saved.get_by_role("heading", name="It does not hold")).to_be_visible()


def test_pages_are_accessible_and_fit(
    client: Client, player: Player, other_player: Player, settings: Any
) -> None:
    fund(player, "1.5", "BTC")
    fund(other_player, "1.5", "ETH")
    play(player, "1", stake="0.01", win="0.05")
    exchange(player, "q", money("0.1"), money("1.65", "ETH"), money("0.01", "ETH"))
    services.publish_daily()
    made = statements.issue(player=player, period=periods.named("2026"))
    settings.STATEMENT_PDF_AT_ONCE_MAX = 1
    rendering.pdf(made)  # the worker is asked, so that its page shows how far it is
    client.force_login(player.user)
    with browser.visiting(client) as visit:
        walk(
            visit,
            (
                "/proof-of-liabilities/",
                "/wallet/statements/",
                f"/wallet/statements/{made.number}/",
                f"/wallet/statements/verify/?number={made.number}&digest={made.digest}",
            ),
        )
        walk(visit, ["/proof-of-liabilities/verifier.html"])
        assert visit.complaints == []


def test_a_long_statement_is_waited_for_and_downloaded(
    client: Client, player: Player, settings: Any
) -> None:
    settings.STATEMENT_PDF_AT_ONCE_MAX = 0
    fund(player, "1.5", "BTC")
    made = statements.issue(player=player, period=periods.named("2026"))
    client.force_login(player.user)
    with browser.visiting(client) as visit:
        visit.open(f"/wallet/statements/{made.number}/")
        visit.page.get_by_role("link", name="PDF", exact=True).click()
        expect(visit.page.get_by_text("In the queue")).to_be_visible()
        with browser.no_running_loop():
            rendering.render_due()
        expect(visit.page.get_by_text("The PDF is ready.")).to_be_visible()
        expect(visit.page.get_by_role("link", name="Download it")).to_be_visible()
        assert visit.complaints == []


def test_a_statement_is_made_and_checked_with_the_keyboard(client: Client, player: Player) -> None:
    fund(player, "1.5", "BTC")
    client.force_login(player.user)
    with browser.visiting(client, browser.PHONE) as visit:
        page = visit.page
        visit.open("/wallet/statements/")
        page.get_by_label("Period").focus()
        page.keyboard.press("ArrowDown")
        page.get_by_role("button", name="Make it").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Totals by kind")
        expect(page.locator("main")).to_contain_text("1.50000000")
        page.get_by_role("link", name="Check it").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Check the digest").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Genuine: issued by us")).to_be_visible()
        page.get_by_label("Digest").fill("ab" * 32)
        page.get_by_role("button", name="Check the digest").click()
        expect(page.get_by_text("We have issued no statement")).to_be_visible()
        visit.open("/wallet/statements/")
        page.get_by_label("Period").select_option("days")
        page.get_by_label("First day").fill("2026-03-02")
        page.get_by_label("Last day").fill("2026-03-01")
        page.get_by_role("button", name="Make it").click()
        expect(page.get_by_text("The last day comes before the first.")).to_be_visible()
