"""Calls to PaymentIQ's Admin API, and the frame of its cashier: our order in, our words out.

Source: documentation portal, Admin API and Cashier (state of April 2023, read November 2026).
"""

import base64
import threading
import time
from datetime import date
from urllib.parse import quote, urlencode

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

from apps.core.money import Money
from apps.integrations.errors import ProviderError
from apps.integrations.http import HttpAnswer, client
from apps.payments.providers.base import (
    AlreadyTaken,
    CashierFrame,
    FoundMove,
    GatewayBalance,
    PayoutOrder,
    PayoutRefused,
    PayoutReport,
    PayoutStatus,
    Person,
    StatementRow,
    TakenAddress,
)
from apps.payments.providers.paymentiq import bundle, wire

TIMEOUT_SECONDS = 10.0
LISTED_MAX = 10_000
TOKEN_SLACK_SECONDS = 30
INFO_MAX = 200


class Paymentiq:
    """The gateway behind `PAYMENTIQ_BASE_URL`."""

    # ---- the cashier in the page -----------------------------------------------------------------

    def frame(
        self, *, player_ref: str, code: str, country: str, token: str, direction: str
    ) -> CashierFrame:
        simulated = bool(settings.PAYMENTIQ_CASHIER_URL)
        return CashierFrame(
            bundle=reverse("payments:cashier_bundle") if simulated else static(bundle.NAME),
            module=static("js/paymentiq.js"),
            options={
                "merchantId": settings.PAYMENTIQ_MERCHANT_ID,
                "userId": wire.user_of(player_ref, code),
                "sessionId": token,
                "environment": "development" if simulated else settings.PAYMENTIQ_ENVIRONMENT,
                "method": direction,
                "mode": "gambling",
                "locale": f"en_{country}",
                "country": wire.alpha_3(country),
                "allowCancelPendingWithdrawal": False,
                "containerHeight": "560px",
            },
        )

    def simulated_bundle(self) -> bytes | None:
        url = settings.PAYMENTIQ_CASHIER_URL
        return bundle.pointed_at(url) if url else None

    # ---- payouts ---------------------------------------------------------------------------------

    def send_payout(self, order: PayoutOrder) -> PayoutReport:
        """Approve what it asked us about; only then does it pay."""
        answer = _call("POST", f"payments/approve/{quote(order.reference, safe='')}", {})
        if answer.status == 409 or (answer.status == 400 and _has_wrong_state(answer)):
            raise AlreadyTaken
        if not _is_success(answer):
            # A missing or bad token is told before the transaction is looked at.
            raise _failure(answer, outcome_unknown=answer.status not in {401, 403, 404})
        return PayoutReport(
            provider=wire.PROVIDER,
            outside_ref=order.reference,
            reference=order.reference,
            status=PayoutStatus.PROCESSING,
        )

    def find_payout(self, reference: str) -> PayoutReport | None:
        """Where it stands. None while it waits for our approval: our order never got there.

        A final state is not acted on here: the transfer or the cancel says it, or `find_move`.
        """
        row = _find(reference)
        if row is None:
            return None
        state = wire.text_of(row, "state")
        if state == "WAITING_APPROVAL":
            if wire.text_of(row, "statusCode") in wire.OUR_APPROVAL:
                return None
            status = PayoutStatus.HELD
        else:
            status = wire.PAYOUT_STATUS.get(state, PayoutStatus.UNRECOGNISED)
        if status in {PayoutStatus.PAID, PayoutStatus.REFUSED}:
            status = PayoutStatus.PROCESSING
        return PayoutReport(
            provider=wire.PROVIDER,
            outside_ref=reference,
            reference=reference,
            status=status,
            raw_status=state,
        )

    def deny_payout(self, outside_ref: str, reason: str) -> None:
        body = {"info": reason[:INFO_MAX]}
        answer = _call("POST", f"payments/deny/{quote(outside_ref, safe='')}", body)
        if answer.status in {400, 409} and _has_wrong_state(answer):
            raise PayoutRefused(_said(answer))
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=False)

    # ---- deposits --------------------------------------------------------------------------------

    def refund(self, outside_ref: str, amount: Money) -> None:
        """Send a deposit back, unless a transaction that undoes it is there already."""
        if any(wire.text_of(row, "originTxId") == outside_ref for row in _listed({})):
            raise AlreadyTaken
        body = {"txAmount": amount.text}
        answer = _call("POST", f"payments/refund/{quote(outside_ref, safe='')}", body)
        if answer.status in {400, 409}:
            raise PayoutRefused(_said(answer))
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=answer.status not in {401, 403, 404})

    def take_address(
        self,
        *,
        provider_code: str,
        player_ref: str,
        coin_code: str = "",
        sender: Person | None = None,
    ) -> TakenAddress:
        raise ProviderError(
            "PaymentIQ has no addresses: players pay in its cashier.", retryable=False
        )

    # ---- its books -------------------------------------------------------------------------------

    def find_move(self, outside_ref: str) -> FoundMove | None:
        row = _find(outside_ref)
        return wire.found_move(row) if row is not None else None

    def balances(self) -> list[GatewayBalance]:
        """Nothing: PaymentIQ passes payments on, the money lies with its providers.

        What they owe us is the clearing account's balance; their own statements settle it.
        """
        return []

    def statement(self, day: date) -> list[StatementRow]:
        rows = _listed({})
        if (
            len(rows) >= LISTED_MAX
            and min(wire.moment(row, "updated") for row in rows).date() >= day
        ):
            raise ProviderError(
                f"PaymentIQ lists {LISTED_MAX} transactions at most; {day} is not whole.",
                retryable=False,
            )
        return [
            wire.statement_row(row)
            for row in rows
            if wire.text_of(row, "state") in wire.ENDED
            and wire.moment(row, "updated").date() == day
        ]


# ---- HTTP ----------------------------------------------------------------------------------------


class _Token:
    """The bearer of the Admin API, asked for when the one we have is nearly over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, float]] = {}

    def get(self) -> str:
        place = f"{settings.PAYMENTIQ_BASE_URL} {settings.PAYMENTIQ_CLIENT_ID}"
        with self._lock:
            token, ends = self._kept.get(place, ("", 0.0))
            if time.monotonic() >= ends:
                token, ends = self._ask()
                self._kept[place] = token, ends
        return token

    def drop(self) -> None:
        with self._lock:
            self._kept.clear()

    @staticmethod
    def _ask() -> tuple[str, float]:
        pair = f"{settings.PAYMENTIQ_CLIENT_ID}:{settings.PAYMENTIQ_CLIENT_SECRET}".encode()
        try:
            answer = client(wire.PROVIDER).request(
                "POST",
                "oauth/token?grant_type=client_credentials",
                headers={"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
                timeout_seconds=TIMEOUT_SECONDS,
            )
        except ProviderError as error:
            # No order has left: nothing but a token was asked for.
            raise ProviderError(str(error), retryable=error.retryable) from error
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=False)
        try:
            document = wire.decode(answer.body)
            seconds = int(wire.text_of(document, "expires_in"))
            return (
                wire.text_of(document, "access_token"),
                time.monotonic() + max(0, seconds - TOKEN_SLACK_SECONDS),
            )
        except ValueError as error:
            raise ProviderError("PaymentIQ gave a token we cannot read.", retryable=True) from error


_token = _Token()


def _call(method: str, path: str, document: wire.Json | None, **query: str) -> HttpAnswer:
    asked = urlencode({"merchantId": settings.PAYMENTIQ_MERCHANT_ID, **query})
    answer = HttpAnswer(401, b"", {})
    for _ in range(2):
        answer = client(wire.PROVIDER).request(
            method,
            f"admin/v1/{path}?{asked}",
            body=wire.encode(document) if document is not None else b"",
            headers={
                "Authorization": f"Bearer {_token.get()}",
                "Content-Type": "application/json",
            },
            timeout_seconds=TIMEOUT_SECONDS,
        )
        if answer.status != 401:
            break
        _token.drop()  # it was taken back before its time: once more with a new one
    return answer


def _find(outside_ref: str) -> wire.Json | None:
    rows = _listed({"idList": outside_ref, "limit": "1"})
    found = [row for row in rows if wire.text_of(row, "id") == outside_ref]
    return found[0] if found else None


def _listed(query: dict[str, str]) -> list[wire.Json]:
    try:
        answer = _call("GET", "payments", None, **({"limit": str(LISTED_MAX)} | query))
    except ProviderError as error:
        # Asking changes nothing over there, whether it arrived or not.
        raise ProviderError(str(error), retryable=error.retryable) from error
    if not _is_success(answer):
        raise _failure(answer, outcome_unknown=False)
    try:
        return wire.rows(answer.body)
    except wire.WireError as error:
        raise ProviderError(
            f"PaymentIQ lists transactions in a way we cannot read: {error}", retryable=True
        ) from error


def _is_success(answer: HttpAnswer) -> bool:
    return 200 <= answer.status < 300


def _has_wrong_state(answer: HttpAnswer) -> bool:
    return "state" in _said(answer).lower()


def _said(answer: HttpAnswer) -> str:
    try:
        return wire.optional_text(wire.decode(answer.body), "errorMessage") or str(answer.status)
    except wire.WireError:
        return answer.body[:200].decode("utf-8", "replace")


def _failure(answer: HttpAnswer, *, outcome_unknown: bool) -> ProviderError:
    return ProviderError(
        f"PaymentIQ answered {answer.status}: {_said(answer)}",
        retryable=answer.status != 400,
        outcome_unknown=outcome_unknown,
    )
