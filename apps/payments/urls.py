from django.urls import path

from apps.payments import cashier_views, invoice_views, payout_views, views

app_name = "payments"

urlpatterns = [
    path("wallet/", views.wallet, name="wallet"),
    path("wallet/currency/", views.active_currency, name="active_currency"),
    path("wallet/deposit/", views.deposit, name="deposit"),
    path("wallet/deposit/status/", views.deposit_status, name="deposit_status"),
    path("wallet/deposit/exact/", invoice_views.exact, name="exact"),
    path("wallet/invoices/<str:public_id>/", invoice_views.invoice, name="invoice"),
    path("wallet/name/", invoice_views.payer_name, name="payer_name"),
    path("wallet/cashier/", cashier_views.cashier, name="cashier"),
    path("wallet/cashier/bootstrapper.js", cashier_views.bundle, name="cashier_bundle"),
    path("wallet/withdraw/", payout_views.withdraw, name="withdraw"),
    path("wallet/addresses/", payout_views.addresses, name="addresses"),
    path("wallet/addresses/saved-only/", payout_views.saved_only, name="saved_only"),
    path(
        "wallet/addresses/<str:public_id>/remove/",
        payout_views.remove_address,
        name="remove_address",
    ),
    path("wallet/not-me/<str:token>/", payout_views.not_me, name="not_me"),
    path("wallet/history/", views.history, name="history"),
    path("wallet/deposits/<str:public_id>/", views.deposit_detail, name="deposit_detail"),
    path(
        "wallet/withdrawals/<str:public_id>/",
        payout_views.withdrawal_detail,
        name="withdrawal_detail",
    ),
    path("wallet/withdrawals/<str:public_id>/cancel/", payout_views.cancel, name="cancel"),
]
