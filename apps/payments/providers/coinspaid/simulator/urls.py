"""The gateway's addresses below `/coinspaid/`: the vendor's own paths, and the tester's."""

from django.urls import path

from apps.integrations.simulation import clockwork
from apps.payments.providers.coinspaid.simulator import api, clock, pages
from apps.payments.providers.coinspaid.simulator.records import courier

clockwork.add(clock.look_around)
clockwork.add(courier.deliver_due)

urlpatterns = [
    # the casino calls
    path("api/v2/ping", api.ping),
    path("api/v2/currencies/list", api.currencies_list),
    path("api/v2/currencies/pairs", api.currencies_pairs),
    path("api/v2/currencies/rates", api.currencies_pairs),
    path("api/v2/accounts/list", api.accounts_list),
    path("api/v2/addresses/take", api.addresses_take),
    path("api/v2/withdrawal/crypto", api.withdrawal_crypto),
    path("api/v2/exchange/calculate", api.exchange_calculate),
    path("api/v2/exchange/fixed", api.exchange_fixed),
    path("api/v2/exchange/now", api.exchange_now),
    path("api/v2/invoices/create", api.invoices_create),
    path("api/v2/transactions/info", api.transactions_info),
    path("api/v2/<path:rest>", api.wrong_url),
    path("statement.csv", api.statement_csv),
    # the tester's pages
    path("", pages.deposits_page, name="coinspaid-deposits"),
    path("send", pages.send_page, name="coinspaid-send"),
    path("withdrawals/", pages.withdrawals_page, name="coinspaid-withdrawals"),
    path("exchanges/", pages.exchanges_page, name="coinspaid-exchanges"),
    path("invoices/", pages.invoices_page, name="coinspaid-invoices"),
    path("invoices/<int:number>/", pages.invoice_page, name="coinspaid-invoice"),
    path("accounts/", pages.accounts_page, name="coinspaid-accounts"),
    path("addresses/", pages.addresses_page, name="coinspaid-addresses"),
    path("calls/", pages.calls_page, name="coinspaid-calls"),
    path("transactions/<int:number>/", pages.transaction_page, name="coinspaid-transaction"),
    # the tester's buttons
    path("control/reset", pages.reset),
    path("control/switches", pages.switches, name="coinspaid-switches"),
    path("control/switches/state", pages.switch_state),
    path("control/options", pages.options, name="coinspaid-options"),
    path("control/callback-url", pages.callback_url, name="coinspaid-callback-url"),
    path("control/send", pages.send, name="coinspaid-control-send"),
    path("control/prices", pages.set_price, name="coinspaid-prices"),
    path("control/currencies", pages.set_currency),
    path("control/books", pages.books),
    path("control/size", pages.size),
    path("control/find/transactions", pages.transactions_of),
    path("control/find/calls", pages.calls_of),
    path("control/transactions/<int:number>", pages.transaction_state),
    path("control/transactions/<int:number>/mine", pages.mine, name="coinspaid-mine"),
    path("control/transactions/<int:number>/move", pages.move, name="coinspaid-move"),
    path(
        "control/transactions/<int:number>/reorganise",
        pages.reorganise,
        name="coinspaid-reorganise",
    ),
    path(
        "control/transactions/<int:number>/contradict",
        pages.contradict,
        name="coinspaid-contradict",
    ),
    path("control/invoices/<int:number>/pay", pages.pay_invoice, name="coinspaid-pay"),
    path(
        "control/invoices/<int:number>/confirm",
        pages.confirm_invoice,
        name="coinspaid-confirm-invoice",
    ),
    path("control/invoices/<int:number>/expire", pages.expire_invoice, name="coinspaid-expire"),
    path("control/transactions/<int:number>/resend", pages.resend_latest, name="coinspaid-resend"),
    path("control/calls/<slug:call_key>/repeat", pages.repeat, name="coinspaid-repeat"),
]
