"""Payments of one player, seen from the vendor's desk, and calls straight to the casino's door."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.accounts.models import Player
from apps.integrations.callbacks import CallbackRequest, CallbackResponse
from apps.payments.models import Deposit, GatewayTransaction, Rail, Withdrawal
from apps.payments.providers.paymentiq import callbacks
from apps.payments.services import cashier
from tests.payments.factories import cash, reserved
from tests.simulator_client import Json, Paymentiq

PATIENCE_SECONDS = 15


@dataclass
class Desk:
    """What the vendor does for one player."""

    vendor: Paymentiq
    player: Player

    @property
    def user(self) -> str:
        return f"{self.player.public_id}-EUR"

    def session(self, direction: str = "deposit", code: str = "EUR") -> str:
        rail = Rail.objects.get(code=code)
        return cashier.open_session(player=self.player, rail=rail, direction=direction)

    def deposit(self, amount: str = "50.00", *, outcome: str = "success", **data: Any) -> Json:
        """Pay in at the cashier and wait for the last call about it."""
        kept = self.vendor.start(
            "deposit", self.user, self.session(), amount, outcome=outcome, **data
        )
        return self.settled(kept["id"])

    def withdrawal(self, amount: str = "20.00", **data: Any) -> Json:
        """Ask for a payout at the cashier; it waits for approval."""
        session = self.session("withdrawal")
        return self.vendor.start("withdrawal", self.user, session, amount, **data)

    def settled(self, number: int) -> Json:
        """Wait until no call about a transaction is waiting, then the record."""
        self.vendor.settled(reference=str(number))
        # The vendor notes what it heard a moment after the call itself.
        wait_for(lambda: not self._is_underway(number))
        return self.vendor.transaction(number)

    def _is_underway(self, number: int) -> bool:
        kept = self.vendor.transaction(number)
        return bool(kept["state"] == "PROCESSING" and kept["moved"])

    def last_call(self, number: int, action: str) -> str:
        """The key of the latest call of this kind."""
        calls = self.vendor.calls(reference=str(number), kind=action)
        return str(calls[-1]["key"])


def wait_for(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        assert time.monotonic() < deadline, "Nothing happened."
        time.sleep(0.05)


def basic(password: str | None = None, username: str | None = None) -> str:
    pair = f"{username or settings.PAYMENTIQ_USERNAME}:{password or settings.PAYMENTIQ_PASSWORD}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def knock(
    action: str,
    document: Json | bytes,
    *,
    authorization: str | None = None,
    peer: str = "127.0.0.1",
    method: str = "POST",
) -> CallbackResponse:
    """A call to the casino's door, with the right credential unless another is given."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"authorization": basic() if authorization is None else authorization}
    return callbacks.handle(
        CallbackRequest(method=method, path=action, headers=headers, body=body, remote_addr=peer)
    )


def said(response: CallbackResponse) -> Json:
    found: Json = json.loads(response.body)
    return found


def transfer_of(player: Player, number: int, amount: str, **fields: Any) -> Json:
    """A transfer as the document shows it."""
    return {
        "userId": f"{player.public_id}-EUR",
        "txId": str(number),
        "txAmount": amount,
        "txAmountCy": "EUR",
        "txTypeId": 108,
        "txName": "CreditcardDeposit" if not amount.startswith("-") else "CreditcardWithdrawal",
        "provider": "BamboraGa",
        "txPspAmount": amount.lstrip("-"),
        "txPspAmountCy": "EUR",
        "fee": "0.00",
        "feeCy": "EUR",
        "txRefId": f"100019999A{number}",
        **fields,
    }


def euro(player: Player) -> Decimal:
    return cash(player, "EUR")


def euro_reserved(player: Player) -> Decimal:
    return reserved(player, "EUR")


def deposit() -> Deposit:
    return Deposit.objects.get()


def withdrawal() -> Withdrawal:
    return Withdrawal.objects.get()


def kept(number: int) -> GatewayTransaction:
    return GatewayTransaction.objects.get(outside_ref=str(number))
