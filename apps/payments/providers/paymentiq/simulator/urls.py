"""The vendor's addresses below `/paymentiq/`: the vendor's own paths, and the tester's."""

from django.urls import path, re_path

from apps.integrations.simulation import clockwork
from apps.payments.providers.paymentiq.simulator import admin, front, gateway, pages

clockwork.add(gateway.go_on)
clockwork.add(gateway.deliver_due)

API = "cashier/api"
TRANSACTION = f"{API}/user/transaction/<str:merchant>/<str:user>/<int:number>"
OFFICE = "bo/paymentiq"

urlpatterns = [
    # the cashier in the casino's frame
    path("cashier/", front.cashier, name="paymentiq-cashier"),
    path("cashier/method/<slug:code>/", front.method_page, name="paymentiq-cashier-method"),
    path(
        "cashier/transaction/<int:number>/",
        front.transaction_page,
        name="paymentiq-cashier-transaction",
    ),
    # the Front API
    re_path(
        rf"^{API}/(?P<provider>[a-z]+)/(?P<direction>deposit|withdrawal)"
        r"/(?P<step>process|validate)$",
        front.process,
    ),
    path(f"{TRANSACTION}/status", front.status),
    path(TRANSACTION, front.withdraw_it),
    # the Admin API
    path(f"{OFFICE}/oauth/token", admin.token),
    path(f"{OFFICE}/admin/v1/payments", admin.search),
    re_path(
        rf"^{OFFICE}/admin/v1/payments/(?P<verb>approve|deny|onhold|refund)/(?P<number>[^/]+)$",
        admin.order,
    ),
    # the tester's pages
    path("", pages.transactions_page, name="paymentiq-transactions"),
    path("transactions/<int:number>/", pages.transaction_page, name="paymentiq-transaction"),
    path("calls/", pages.calls_page, name="paymentiq-calls"),
    # the tester's buttons
    path("control/reset", pages.reset),
    path("control/switches", pages.switches, name="paymentiq-switches"),
    path("control/switches/state", pages.switch_state),
    path("control/options", pages.options, name="paymentiq-options"),
    path("control/callback-url", pages.callback_url, name="paymentiq-callback-url"),
    path("control/start", pages.start, name="paymentiq-start"),
    path("control/register", pages.register),
    path("control/send", pages.send),
    path("control/totals", pages.totals),
    path("control/find/transactions", pages.transactions_of),
    path("control/find/calls", pages.calls_of),
    path("control/transactions/<int:number>", pages.transaction),
    path("control/transactions/<int:number>/call", pages.call, name="paymentiq-call"),
    path("control/transactions/<int:number>/payer", pages.payer, name="paymentiq-payer"),
    path("control/transactions/<int:number>/move", pages.move_money, name="paymentiq-move"),
    path("control/transactions/<int:number>/staff", pages.staff, name="paymentiq-staff"),
    path("control/transactions/<int:number>/undo", pages.undo, name="paymentiq-undo"),
    path("control/transactions/<int:number>/again", pages.pay_again, name="paymentiq-again"),
    path("control/calls/<slug:call_key>/repeat", pages.repeat, name="paymentiq-repeat"),
]
