"""Calls to CoinsPaid: our order in, our words out."""

from apps.integrations.errors import ProviderError
from apps.integrations.http import HttpAnswer, client
from apps.payments.providers.base import (
    AlreadyTaken,
    PayoutOrder,
    PayoutRefused,
    PayoutReport,
    PayoutStatus,
    TakenAddress,
)
from apps.payments.providers.coinspaid import signing, wire

TIMEOUT_SECONDS = 10.0


class Coinspaid:
    """The gateway behind `COINSPAID_BASE_URL`."""

    def take_address(self, *, provider_code: str, player_ref: str) -> TakenAddress:
        answer = _call(
            "POST",
            "addresses/take",
            {
                "currency": provider_code,
                "foreign_id": player_ref,
                "end_user_reference": player_ref,
            },
        )
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
        answer = _call("POST", "withdrawal/crypto", wire.payout_body(order))
        if answer.status == 400 and (errors := wire.field_errors(answer.body)):
            # For withdrawals the text of a reused id is not documented; a complaint about the id
            # we always send, and send in the right form, can only mean that it is there already.
            if "foreign_id" in errors:
                raise AlreadyTaken
            raise PayoutRefused("; ".join(f"{name}: {text}" for name, text in errors.items()))
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
        try:
            answer = _call("GET", "transactions/info", {"foreign_id": reference})
        except ProviderError as error:
            # Asking changes nothing over there, whether it arrived or not.
            raise ProviderError(str(error), retryable=error.retryable) from error
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
