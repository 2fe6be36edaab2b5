"""Rows and callbacks for the payment tests, and the picture of all money to compare with."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from apps.accounts.models import Player, User
from apps.audit.models import Alarm, Record
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.events.models import Event
from apps.integrations.callbacks import CallbackRequest, CallbackResponse
from apps.ledger.models import Entry, Purse, Wallet
from apps.ledger.selectors import currency
from apps.payments.models import (
    ApprovalRule,
    Deposit,
    DepositAddress,
    LimitRule,
    PaymentStep,
    Rail,
    Withdrawal,
)
from apps.payments.providers.coinspaid import callbacks, signing
from apps.payments.services import withdrawals
from tests.simulator_client import ROOT, database_url

FIXTURES = Path(__file__).resolve().parent / "coinspaid" / "fixtures"
# The address in the recorded deposits, and one of somebody's own wallet (BIP-173 examples).
DEPOSIT_ADDRESS = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"
WALLET_ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
OTHER_ADDRESS = "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"


def btc(text: str) -> Money:
    return Money.parse(text, currency("BTC"))


def rail(code: str = "BTC") -> Rail:
    return Rail.objects.get(code=code)


def make_address(player: Player, code: str = "BTC", text: str = DEPOSIT_ADDRESS) -> DepositAddress:
    return DepositAddress.objects.create(
        player=player,
        rail=rail(code),
        provider="coinspaid",
        address=text,
        outside_ref="91",
        created_at=now(),
    )


def request_withdrawal(
    player: Player, amount: str = "0.02", *, key: str = "key-1", address: str = WALLET_ADDRESS
) -> Withdrawal:
    return withdrawals.request_withdrawal(
        player=player, amount=btc(amount), rail=rail(), address=address, key=key
    )


def approved_withdrawal(player: Player, by: User, amount: str = "0.02") -> Withdrawal:
    return withdrawals.approve(request_withdrawal(player, amount), by, "Looks right.")


def sent_withdrawal(player: Player, by: User, amount: str = "0.02") -> Withdrawal:
    """A withdrawal that the gateway has acknowledged as 5000002."""
    withdrawal = approved_withdrawal(player, by, amount)
    withdrawal.move_to(Withdrawal.State.SENDING)
    withdrawal.foreign_id = withdrawal.public_id
    withdrawal.move_to(Withdrawal.State.SENT)
    withdrawal.outside_ref = "5000002"
    withdrawal.due_at = None
    withdrawal.save()
    return withdrawal


def recorded(name: str, withdrawal: Withdrawal | None = None, **changes: Any) -> bytes:
    """A callback as it came; withdrawals get the test's own id and address.

    changes: top-level fields to replace; a dict is merged into the object that is there.
    """
    text = (FIXTURES / f"{name}.json").read_text(encoding="utf-8")
    if withdrawal is not None:
        text = text.replace("@reference", withdrawal.public_id)
        text = text.replace("@address", withdrawal.address)
    if not changes:
        return text.encode()
    document = json.loads(text)
    for field, value in changes.items():
        if isinstance(value, dict):
            document[field] |= value
        else:
            document[field] = value
    return json.dumps(document).encode()


def signed_headers(body: bytes) -> dict[str, str]:
    return {
        "x-processing-key": settings.COINSPAID_KEY,
        "x-processing-signature": signing.sign(body, settings.COINSPAID_SECRET),
        "content-type": "application/json",
    }


def call_back(body: bytes, headers: dict[str, str] | None = None) -> CallbackResponse:
    """Hand a callback to the door, signed as the vendor does unless headers are given."""
    return callbacks.handle(
        CallbackRequest(
            method="POST",
            path="",
            headers=signed_headers(body) if headers is None else headers,
            body=body,
            remote_addr="192.0.2.7",
        )
    )


def cash(player: Player, code: str = "BTC") -> Decimal:
    return _balance(player, code, Purse.CASH)


def reserved(player: Player, code: str = "BTC") -> Decimal:
    return _balance(player, code, Purse.RESERVED)


def _balance(player: Player, code: str, purse: int) -> Decimal:
    wallet = Wallet.objects.filter(player=player, currency__code=code, purse=purse).first()
    return wallet.balance if wallet else Decimal(0)


def picture() -> dict[str, Any]:
    """Everything a refused request must leave as it was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, balance, version FROM ledger_wallet ORDER BY id")
        wallets = [row for row in cursor.fetchall() if row[2]]
    return {
        "wallets": wallets,
        "entries": Entry.objects.count(),
        "deposits": list(Deposit.objects.order_by("pk").values()),
        "withdrawals": list(Withdrawal.objects.order_by("pk").values()),
        "addresses": DepositAddress.objects.count(),
        "steps": PaymentStep.objects.count(),
        "events": Event.objects.count(),
        "audit": Record.objects.count(),
    }


def alarms() -> list[str]:
    return list(Alarm.objects.order_by("pk").values_list("code", flat=True))


def in_parallel(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start every task at the same moment, each on its own connection; their results
    or what they raised."""
    results: list[Any] = [None] * len(tasks)
    barrier = threading.Barrier(len(tasks))

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = tasks[place]()
        except DomainError as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def run_worker(folder: Path, **environment: str) -> int:
    """One look of a worker at what is due, in a process of its own; how it ended.

    folder: names the point at which it is killed (apps/core/crash_points.py).
    """
    code = (
        "import django; django.setup()\n"
        "from apps.payments.services import payouts\n"
        "payouts.send_due()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": database_url(str(connection.settings_dict["NAME"])),
            "CRASH_DIR": str(folder),
        }
        | environment,
        stdout=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    return ended.returncode


def end_rules() -> None:
    """No limit, fee or automatic approval but the test's own."""
    LimitRule.objects.filter(ended_at=None).update(ended_at=now())
    ApprovalRule.objects.filter(ended_at=None).update(ended_at=now())


def limit(direction: str = "withdrawal", name: str = "", **says: Any) -> LimitRule:
    """A rule in force: `limit(day_count=2, rail=rail())`."""
    return LimitRule.objects.create(
        name=name or f"rule {LimitRule.objects.count()}",
        direction=direction,
        started_at=now(),
        **says,
    )


def approval_rule(**says: Any) -> ApprovalRule:
    """Lets 600 EUR of anybody through, unless told otherwise."""
    usual = {
        "kyc_level_min": 0,
        "account_days_min": 0,
        "amount_max": 600,
        "day_count_max": 5,
        "day_sum_max": 5000,
    }
    return ApprovalRule.objects.create(
        name=f"rule {ApprovalRule.objects.count()}", started_at=now(), **(usual | says)
    )


def paid_before(player: Player, address: str = WALLET_ADDRESS, **fields: Any) -> Withdrawal:
    """A withdrawal from long ago, so that there is no reason to look at the next one."""
    made = request_withdrawal(
        player, "0.0001", key=f"before-{Withdrawal.objects.count()}", address=address
    )
    long_ago = now() - timedelta(days=60)
    rule = ApprovalRule.objects.order_by("pk").first()
    Withdrawal.objects.filter(pk=made.pk).update(
        state="paid", foreign_id=made.public_id, approved_rule=rule, approval_hash="x",
        created_at=long_ago, **fields,
    )  # fmt: skip
    return made
