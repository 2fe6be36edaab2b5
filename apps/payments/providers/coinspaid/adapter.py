"""Calls to CoinsPaid: our order in, our words out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings

from apps.integrations.errors import ProviderError
from apps.integrations.http import HttpAnswer, VendorHttp, client
from apps.payments.providers.base import (
    AlreadyTaken,
    ExchangeOrder,
    ExchangeReport,
    ExchangeTerms,
    GatewayBalance,
    GatewayCurrency,
    GatewayPair,
    InvoiceOrder,
    OpenedInvoice,
    PayoutOrder,
    PayoutRefused,
    PayoutReport,
    PayoutStatus,
    Person,
    Report,
    StatementRow,
    TakenAddress,
)
from apps.payments.providers.coinspaid import signing, wire
from apps.payments.selectors import currency_codes

TIMEOUT_SECONDS = 10.0
# A day's export is long and nobody waits for it.
STATEMENT_SECONDS = 60.0
STATEMENT_BYTES_MAX = 64 * 1024 * 1024
T = TypeVar("T")


class Coinspaid:
    """The gateway behind `COINSPAID_BASE_URL`."""

    def take_address(
        self,
        *,
        provider_code: str,
        player_ref: str,
        coin_code: str = "",
        sender: Person | None = None,
    ) -> TakenAddress:
        body = _own(
            wire.address_body,
            provider_code=provider_code,
            player_ref=player_ref,
            coin_code=coin_code,
            sender=sender,
        )
        answer = _call("POST", "addresses/take", body)
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=False)
        try:
            data = wire.data_of(answer.body)
            return TakenAddress(
                address=wire.text_of(data, "address"),
                tag=wire.optional_text_of(data, "tag"),
                outside_ref=wire.text_of(data, "id"),
            )
        except wire.WireError as error:
            raise ProviderError(
                f"CoinsPaid gave an address we cannot read: {error}", retryable=True
            ) from error

    def send_payout(self, order: PayoutOrder) -> PayoutReport:
        answer = _call("POST", "withdrawal/crypto", _own(wire.payout_body, order))
        _raise_refusal(answer)
        if not _is_success(answer):
            # A 403 is decided before the order is looked at; any other answer tells nothing.
            raise _failure(answer, outcome_unknown=answer.status != 403)
        try:
            data = wire.data_of(answer.body)
            return PayoutReport(
                provider=wire.PROVIDER,
                outside_ref=wire.text_of(data, "id"),
                reference=order.reference,
                status=PayoutStatus.PROCESSING,
                raw_status=wire.optional_text_of(data, "status"),
            )
        except wire.WireError as error:
            raise ProviderError(
                f"CoinsPaid took a payout and gave an answer we cannot read: {error}",
                retryable=True,
                outcome_unknown=True,
            ) from error

    def find_payout(self, reference: str) -> PayoutReport | None:
        answer = _ask("GET", "transactions/info", {"foreign_id": reference})
        if answer.status == 404:
            return None
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=False)
        try:
            report = wire.payout_report(wire.decode(answer.body))
        except wire.WireError as error:
            raise ProviderError(
                f"CoinsPaid describes a payout in a way we cannot read: {error}", retryable=True
            ) from error
        if report.reference != reference:
            raise ProviderError(
                "CoinsPaid answered about another payout than it was asked.", retryable=True
            )
        return report

    def look_up(self, *, outside_ref: str = "", txid: str = "") -> Report | None:
        wanted: wire.Json = {"txid": txid} if txid else {"id": int(outside_ref)}
        answer = _ask("GET", "transactions/info", wanted)
        if answer.status == 404:
            return None
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=False)
        return _read(lambda: wire.report_of(wire.decode(answer.body)), "a transaction")

    def currencies(self) -> list[GatewayCurrency]:
        every = _list("currencies/list", {}, wire.currencies_of)
        shown = _list("currencies/list", {"visible": True}, wire.currencies_of)
        visible = {line.provider_code for line in shown}
        return [replace(line, is_visible=line.provider_code in visible) for line in every]

    def pairs(self) -> list[GatewayPair]:
        return _list("currencies/pairs", {}, wire.pairs_of)

    def quote(
        self, *, sold_code: str, bought_code: str, sold: Decimal | None, bought: Decimal | None
    ) -> ExchangeTerms:
        order = ExchangeOrder("", sold_code, bought_code, sold, bought)
        body = {name: value for name, value in wire.exchange_body(order).items() if value}
        answer = _ask("POST", "exchange/calculate", body)
        _raise_refusal(answer)
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=False)
        return _read(lambda: wire.exchange_terms(wire.data_of(answer.body)), "a quote")

    def send_exchange(self, order: ExchangeOrder) -> ExchangeReport:
        path = "exchange/fixed" if order.price else "exchange/now"
        answer = _call("POST", path, wire.exchange_body(order))
        _raise_refusal(answer)
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=answer.status != 403)
        report = _read(
            lambda: wire.exchange_answer(wire.data_of(answer.body)), "an exchange", unknown=True
        )
        return replace(report, reference=order.reference)

    def open_invoice(self, order: InvoiceOrder) -> OpenedInvoice:
        answer = _call("POST", "invoices/create", _own(wire.invoice_body, order))
        _raise_refusal(answer)
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=answer.status != 403)
        return _read(
            lambda: wire.opened_invoice(wire.data_of(answer.body)), "an invoice", unknown=True
        )

    def balances(self) -> list[GatewayBalance]:
        held: dict[str, Decimal] = {}
        listed = _list("accounts/list", {}, wire.balances_of)
        codes = currency_codes(wire.PROVIDER)
        for provider_code, amount in listed:
            code = codes.get(provider_code, provider_code)
            held[code] = held.get(code, Decimal(0)) + amount
        return [GatewayBalance(code, amount) for code, amount in held.items()]

    def statement(self, day: date) -> list[StatementRow]:
        """The export at COINSPAID_STATEMENT_URL, asked for with the day as a signed body."""
        address = urlsplit(settings.COINSPAID_STATEMENT_URL)
        if not address.scheme:
            raise ProviderError("CoinsPaid's export is not configured.", retryable=False)
        body = wire.encode({"day": day.isoformat()})
        answer = _exports(f"{address.scheme}://{address.netloc}").request(
            "GET",
            address.path,
            body=body,
            headers=signing.headers(body),
            timeout_seconds=STATEMENT_SECONDS,
            answer_bytes_max=STATEMENT_BYTES_MAX,
        )
        if not _is_success(answer):
            raise _failure(answer, outcome_unknown=False)
        rows = _read(lambda: wire.statement_of(answer.body), "its export")
        # USDTE and USDTT are both USDT here. What no rail knows keeps the gateway's word.
        codes = currency_codes(wire.PROVIDER)
        return [
            replace(
                row,
                code=codes.get(row.code, row.code),
                fee_code=codes.get(row.fee_code, row.fee_code),
                network_fee_code=codes.get(row.network_fee_code, row.network_fee_code),
                bought_code=codes.get(row.bought_code, row.bought_code),
            )
            for row in rows
        ]


@cache
def _exports(origin: str) -> VendorHttp:
    return VendorHttp(wire.PROVIDER, origin)


def _own(make: Callable[..., wire.Json], *args: object, **kwargs: object) -> wire.Json:
    """A body of ours. What we lack for it is told before anything is sent."""
    try:
        return make(*args, **kwargs)
    except wire.WireError as error:
        raise ProviderError(f"CoinsPaid cannot be asked: {error}.", retryable=True) from error


def _read(read: Callable[[], T], what: str, *, unknown: bool = False) -> T:
    try:
        return read()
    except (wire.WireError, ValueError) as error:
        raise ProviderError(
            f"CoinsPaid describes {what} in a way we cannot read: {error}",
            retryable=True,
            outcome_unknown=unknown,
        ) from error


def _list(path: str, document: wire.Json, read: Callable[[bytes], list[T]]) -> list[T]:
    answer = _ask("POST", path, document)
    if not _is_success(answer):
        raise _failure(answer, outcome_unknown=False)
    return _read(lambda: read(answer.body), "its lists")


def _raise_refusal(answer: HttpAnswer) -> None:
    """A 400 that names fields is their no.

    For withdrawals the text of a reused id is not documented; a complaint about the id we always
    send, and send in the right form, can only mean that it is there already.
    """
    errors = wire.field_errors(answer.body) if answer.status == 400 else {}
    if "foreign_id" in errors:
        raise AlreadyTaken
    if errors:
        raise PayoutRefused("; ".join(f"{name}: {text}" for name, text in errors.items()))


def _ask(method: str, path: str, document: wire.Json) -> HttpAnswer:
    """A question changes nothing over there, whether it arrived or not."""
    try:
        return _call(method, path, document)
    except ProviderError as error:
        raise ProviderError(str(error), retryable=error.retryable) from error


def _call(method: str, path: str, document: wire.Json) -> HttpAnswer:
    body = wire.encode(document)
    return client(wire.PROVIDER).request(
        method, path, body=body, headers=signing.headers(body), timeout_seconds=TIMEOUT_SECONDS
    )


def _is_success(answer: HttpAnswer) -> bool:
    return 200 <= answer.status < 300


def _failure(answer: HttpAnswer, *, outcome_unknown: bool) -> ProviderError:
    """Their words are kept short: some error bodies are not even JSON."""
    said = answer.body[:200].decode("utf-8", "replace")
    return ProviderError(
        f"CoinsPaid answered {answer.status}: {said}",
        retryable=answer.status != 400,
        outcome_unknown=outcome_unknown,
    )
