"""The gateway's addresses below `/coinspaid/`: the vendor's own paths, and the tester's."""

from django.urls import path

from apps.integrations.simulation import clockwork
from apps.payments.providers.coinspaid.simulator import api, gateway, pages

clockwork.add(gateway.look_at_chain)
clockwork.add(gateway.courier.deliver_due)

urlpatterns = [
    # the casino calls
    path("api/v2/ping", api.ping),
    path("api/v2/currencies/list", api.currencies_list),
    path("api/v2/currencies/pairs", api.currencies_pairs),
    path("api/v2/currencies/rates", api.currencies_pairs),
    path("api/v2/accounts/list", api.accounts_list),
    path("api/v2/addresses/take", api.addresses_take),
    path("api/v2/withdrawal/crypto", api.withdrawal_crypto),
    path("api/v2/transactions/info", api.transactions_info),
    path("api/v2/<path:rest>", api.wrong_url),
    # the tester's pages
    path("", pages.deposits_page, name="coinspaid-deposits"),
    path("send", pages.send_page, name="coinspaid-send"),
    path("withdrawals/", pages.withdrawals_page, name="coinspaid-withdrawals"),
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
    path("control/find/transactions", pages.transactions_of),
    path("control/find/calls", pages.calls_of),
    path("control/transactions/<int:number>", pages.transaction),
    path("control/transactions/<int:number>/mine", pages.mine, name="coinspaid-mine"),
    path("control/transactions/<int:number>/move", pages.move, name="coinspaid-move"),
    path("control/transactions/<int:number>/resend", pages.resend_latest, name="coinspaid-resend"),
    path("control/calls/<slug:call_key>/repeat", pages.repeat, name="coinspaid-repeat"),
]
