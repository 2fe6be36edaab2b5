import hashlib
import hmac
import json
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.core import rate_limits
from apps.integrations import inbox
from apps.integrations.callbacks import CallbackRequest, CallbackResponse
from apps.kyc import applicants
from apps.kyc.models import ProviderApplicant
from apps.kyc.providers.sumsub import callbacks
from apps.kyc.services import cases
from tests.kyc.factories import make_details
from tests.simulator_client import RecordingCasino, Sumsub

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _budgets() -> None:
    """What another test spent is not held against this one."""
    inbox.load_handlers()
    for name in ("sumsub_get", "sumsub_post", "sumsub_case", "sumsub_recheck"):
        rate_limits.clear(name, account="sumsub")


@pytest.fixture
def vendor(sumsub: Sumsub, recording_casino: RecordingCasino) -> Sumsub:
    """The provider; its webhooks are kept for the test to bring in one by one."""
    sumsub.call_back(recording_casino.origin)
    return sumsub


class Post:
    """Brings the vendor's kept webhooks to our door, bytes and headers as they came."""

    def __init__(self, casino: RecordingCasino, vendor: Sumsub) -> None:
        self.casino, self.vendor = casino, vendor
        self.seen = 0

    def all(self) -> list[CallbackResponse]:
        """Everything that came since the last time."""
        self.vendor.settled()
        asked, self.seen = self.casino.asked[self.seen :], len(self.casino.asked)
        return [bring(one.body, one.headers) for one in asked]

    def bodies(self) -> list[Json]:
        self.vendor.settled()
        return [one.json for one in self.casino.asked]


def bring(body: bytes, headers: dict[str, str], path: str = "") -> CallbackResponse:
    return callbacks.handle(
        CallbackRequest(
            method="POST", path=path, headers=headers, body=body, remote_addr="127.0.0.1"
        )
    )


@pytest.fixture
def post(vendor: Sumsub, recording_casino: RecordingCasino) -> Post:
    return Post(recording_casino, vendor)


@pytest.fixture
def enrolled(player: Player, vendor: Sumsub, post: Post) -> ProviderApplicant:
    """Alice, known by her details, an applicant for the level `identity`; read once."""
    cases.declare(player=player, details=make_details(player))
    row = applicants.enrol(player, "identity")
    post.all()
    applicants.read_due()
    row.refresh_from_db()
    return row


@pytest.fixture
def approved(enrolled: ProviderApplicant, vendor: Sumsub, post: Post) -> ProviderApplicant:
    """And approved there."""
    vendor.act(enrolled.external_ref, "submit")
    vendor.act(enrolled.external_ref, "decide", answer="GREEN")
    post.all()
    applicants.read_due()
    enrolled.refresh_from_db()
    return enrolled


HASHES = {
    "HMAC_SHA1_HEX": hashlib.sha1,
    "HMAC_SHA256_HEX": hashlib.sha256,
    "HMAC_SHA512_HEX": hashlib.sha512,
}


def sign(
    document: Json, secret: str = "test-sumsub-webhook-secret", algorithm: str = "HMAC_SHA256_HEX"
) -> tuple[bytes, dict[str, str]]:
    """A webhook of our own making: its bytes and the headers that are right for them."""
    body = json.dumps(document).encode()
    digest = hmac.new(secret.encode(), body, HASHES[algorithm]).hexdigest()
    return body, {"x-payload-digest": digest, "x-payload-digest-alg": algorithm}
