"""The back office's pages about gateways: the switch of all payouts, exchanges, invoices, lists."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts.models import User
from apps.core.admin import ReadOnlyAdmin, ReasonForm, badge, confirm, link, mono
from apps.core.errors import Forbidden
from apps.core.formatting import amount
from apps.integrations import subjects
from apps.integrations.models import InboxMessage
from apps.payments.models import (
    Deposit,
    Exchange,
    GatewayCurrency,
    Invoice,
    PayoutStop,
    Withdrawal,
)
from apps.payments.providers.registry import COIN_GATEWAYS, GATEWAYS
from apps.payments.services import exchanges, inquiries, payout_switch

EXCHANGE_TONES = {"requested": "gold", "sending": "gold", "sent": "gold", "done": "good"}
INVOICE_TONES = {"opening": "gold", "open": "gold", "paying": "gold", "paid": "good"}


def payments_of(message: InboxMessage) -> list[subjects.Subject]:
    """The payment a gateway's message is about, by the gateway's own id."""
    found = []
    for model in (Deposit, Withdrawal, Exchange, Invoice):
        name = model._meta.model_name or ""
        for payment in model._default_manager.filter(
            provider=message.partner, outside_ref=message.outside_ref
        )[:3]:
            found.append(
                subjects.Subject(
                    words=f"{name} {payment}",
                    url_name=f"admin:payments_{name}_change",
                    args=(payment.pk,),
                )
            )
    return found


for _partner in GATEWAYS:
    subjects.register(_partner, payments_of)


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Forbidden
    return request.user


class _Page(ReadOnlyAdmin):
    """A list with buttons above it that need no row."""

    def ask(self, request: HttpRequest, **texts: Any) -> HttpResponse:
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context = {**self.admin_site.each_context(request), "opts": self.opts}
        return confirm(request, context=context, back=back, **texts)


@admin.register(PayoutStop)
class PayoutStopAdmin(_Page):
    """When all payouts stood still, why, and who let them go on."""

    list_display = (
        "stopped_at",
        "cause",
        "reason",
        "stopped_by",
        "shown_state",
        "resumed_at",
        "resumed_by",
    )
    list_filter = (("cause", ChoicesCheckboxFilter), ("stopped_at", RangeDateTimeFilter))
    list_select_related = ("stopped_by", "resumed_by")
    ordering = ("-id",)
    fields = (*list_display, "resume_reason", "refs")
    readonly_fields = fields
    actions_list = ("stop", "resume")

    @display(description="state")
    def shown_state(self, stop: PayoutStop) -> SafeString:
        return badge("stopped", "alarm") if stop.is_open else badge("resumed", "quiet")

    @action(
        description="Stop all payouts", url_path="stop", permissions=["payments.begin_payoutstop"]
    )
    def stop(self, request: HttpRequest) -> HttpResponse:
        return self.ask(
            request,
            subject="All payouts, at every gateway",
            title="Stop all payouts",
            text=(
                "Nothing is sent any more until somebody lets payouts go on. Players may still ask "
                "for withdrawals, and what is at a gateway already stays there."
            ),
            button="Stop all payouts",
            form=ReasonForm(request.POST or None),
            act=lambda form: payout_switch.stop(
                by=_person(request), reason=form.cleaned_data["reason"]
            ),
            done="All payouts are stopped.",
        )

    @action(
        description="Let payouts go on", url_path="resume", permissions=["payments.end_payoutstop"]
    )
    def resume(self, request: HttpRequest) -> HttpResponse:
        found = payout_switch.current()
        return self.ask(
            request,
            subject=str(found) if found else "Payouts are not stopped",
            title="Let payouts go on",
            text=(
                f"They were stopped because: {found.reason} What waits is sent within seconds, and "
                "the limits of the hour begin anew."
                if found
                else "There is nothing to resume."
            ),
            button="Let payouts go on",
            form=ReasonForm(request.POST or None),
            act=lambda form: payout_switch.resume(
                by=_person(request), reason=form.cleaned_data["reason"]
            ),
            done="Payouts go on.",
        )


class ExchangeForm(ReasonForm):
    """What to sell for what, at the price of the moment; the key makes a second click harmless."""

    sold_code = forms.ChoiceField(label="Sell", widget=UnfoldAdminSelectWidget)
    bought_code = forms.ChoiceField(label="For", widget=UnfoldAdminSelectWidget)
    sold = forms.DecimalField(
        label="Amount to sell",
        min_value=Decimal("0.00000001"),
        max_digits=26,
        decimal_places=8,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    price = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    price_until = forms.IntegerField(widget=forms.HiddenInput, required=False)
    field_order = ("sold_code", "bought_code", "sold", "reason")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        codes = GatewayCurrency.objects.filter(provider=COIN_GATEWAYS[0], is_visible=True)
        choices = [(code, code) for code in codes.values_list("provider_code", flat=True)]
        for name in ("sold_code", "bought_code"):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices


@admin.register(Exchange)
class ExchangeAdmin(_Page):
    """What the house exchanged of its own at a gateway."""

    list_display = (
        "public_id",
        "provider",
        "shown_sold",
        "shown_bought",
        "shown_state",
        "requested_by",
        "created_at",
    )
    list_filter = (("state", ChoicesCheckboxFilter), ("created_at", RangeDateTimeFilter))
    list_select_related = ("requested_by",)
    search_fields = ("=public_id", "=outside_ref")
    search_help_text = "Our id or the gateway's"
    ordering = ("-id",)
    fields = (
        *list_display,
        "shown_fee",
        "price",
        "reason",
        "outside_ref",
        "tries",
        "error",
        "finished_at",
    )
    readonly_fields = fields
    actions_list = ("order",)

    @display(description="sold")
    def shown_sold(self, exchange: Exchange) -> str:
        return _text(exchange.sold or exchange.wanted_sold, exchange.sold_code)

    @display(description="bought")
    def shown_bought(self, exchange: Exchange) -> str:
        return _text(exchange.bought or exchange.wanted_bought, exchange.bought_code)

    @display(description="fee")
    def shown_fee(self, exchange: Exchange) -> str:
        return _text(exchange.fee or None, exchange.fee_code)

    @display(description="state", ordering="state")
    def shown_state(self, exchange: Exchange) -> SafeString:
        return badge(exchange.get_state_display(), EXCHANGE_TONES.get(exchange.state, "quiet"))

    @action(description="Exchange", url_path="order", permissions=["payments.order_exchange"])
    def order(self, request: HttpRequest) -> HttpResponse:
        """Ask for what, show the gateway's quote, and order at exactly that price."""
        form = ExchangeForm(request.POST or None, initial={"key": f"office:{uuid4().hex}"})
        return self.ask(
            request,
            subject="The house's own money at the gateway",
            title="Exchange",
            text=(
                "The gateway quotes a price that stands for a minute. Nothing is exchanged before "
                "you have seen it and agreed."
            ),
            button="Go on",
            form=form,
            act=lambda filled: self._order_or_quote(request, filled),
            done="The exchange is on its way.",
        )

    def _order_or_quote(self, request: HttpRequest, form: forms.Form) -> None:
        data = form.cleaned_data
        codes = {"sold_code": data["sold_code"], "bought_code": data["bought_code"]}
        provider = COIN_GATEWAYS[0]
        if not data["price"]:
            terms = exchanges.quote(provider=provider, sold=data["sold"], bought=None, **codes)
            # The same form again, with the price that was shown.
            form.data = {
                **request.POST.dict(),
                "price": terms.price,
                "price_until": str(terms.expires_at),
            }
            raise Quoted(
                f"{terms.sold.normalize():f} {terms.sold_code} give {terms.bought.normalize():f} "
                f"{terms.bought_code}, after a fee of {terms.fee.normalize():f} {terms.fee_code}. "
                "Press the button once more to exchange at this price."
            )
        exchanges.request_exchange(
            by=_person(request),
            provider=provider,
            sold=data["sold"],
            bought=None,
            reason=data["reason"],
            key=data["key"],
            price=data["price"],
            price_until=data["price_until"],
            **codes,
        )


class Quoted(Forbidden):
    """Not yet: first the price is shown."""

    code = "quoted"
    status = 200


class LookUpForm(ReasonForm):
    """One transaction of a gateway, by its number or by its hash on the chain."""

    reference = forms.CharField(
        max_length=inquiries.REFERENCE_MAX,
        label="Number or hash",
        widget=UnfoldAdminTextInputWidget(attrs={"spellcheck": "false"}),
        help_text="The gateway's number, or the hash of the transaction on its chain.",
    )
    field_order = ("reference", "reason")


@admin.register(Invoice)
class InvoiceAdmin(_Page):
    """Requests for an exact amount, and what came of them."""

    list_display = (
        "public_id",
        "owner",
        "shown_amount",
        "rail",
        "shown_state",
        "created_at",
        "expires_at",
    )
    list_filter = (("state", ChoicesCheckboxFilter), ("created_at", RangeDateTimeFilter))
    list_select_related = ("player", "rail", "currency", "deposit")
    search_fields = ("=public_id", "=player__public_id", "=outside_ref", "=address")
    search_help_text = "Our id, the player's, the gateway's, or the address"
    ordering = ("-id",)
    fields = (
        *list_display,
        "sent",
        "remaining",
        "takes_parts",
        "shown_address",
        "outside_ref",
        "shown_deposit",
        "error",
        "finished_at",
    )
    readonly_fields = fields
    actions_list = ("look_up",)

    @display(description="player")
    def owner(self, invoice: Invoice) -> SafeString:
        return link("admin:operator_player", [invoice.player_id], invoice.player)

    @display(description="amount")
    def shown_amount(self, invoice: Invoice) -> str:
        return amount(invoice.amount, invoice.currency.as_money_currency())

    @display(description="state", ordering="state")
    def shown_state(self, invoice: Invoice) -> SafeString:
        return badge(invoice.get_state_display(), INVOICE_TONES.get(invoice.state, "quiet"))

    @display(description="address")
    def shown_address(self, invoice: Invoice) -> SafeString:
        return mono(f"{invoice.address} {invoice.tag}".strip() or "–")

    @display(description="deposit")
    def shown_deposit(self, invoice: Invoice) -> SafeString | str:
        if invoice.deposit is None:
            return "none yet"
        return link("admin:payments_deposit_change", [invoice.deposit.pk], invoice.deposit)

    @action(
        description="Ask the gateway about a payment",
        url_path="look-up",
        permissions=["payments.trace_invoice"],
    )
    def look_up(self, request: HttpRequest) -> HttpResponse:
        def act(form: forms.Form) -> None:
            reference = form.cleaned_data["reference"].strip()
            is_number = reference.isascii() and reference.isdigit()
            inquiries.look_up(
                provider=COIN_GATEWAYS[0],
                by=_person(request),
                reason=form.cleaned_data["reason"],
                outside_ref=reference if is_number else "",
                txid="" if is_number else reference,
            )

        return self.ask(
            request,
            subject="A payment at the gateway",
            title="Ask the gateway",
            text="What it says is acted on like a callback; what happened once does not happen twice.",
            button="Ask",
            form=LookUpForm(request.POST or None),
            act=act,
            done="The gateway has answered, and our books say what it says.",
        )


@admin.register(GatewayCurrency)
class GatewayCurrencyAdmin(ReadOnlyAdmin):
    """The gateway's list as it was read last. Its fees are its words; nothing is computed from them."""

    list_display = (
        "provider_code",
        "provider",
        "kind",
        "minimum",
        "precision",
        "deposit_fee",
        "withdrawal_fee",
        "is_visible",
        "seen_at",
    )
    ordering = ("provider", "provider_code")
    fields = list_display
    readonly_fields = fields


def _text(value: Decimal | None, code: str) -> str:
    return f"{value.normalize():f} {code}" if value is not None else f"– {code}".strip()
