from django.urls import path

from apps.payments.api import invoices, views

urlpatterns = [
    path("rails/", views.RailsView.as_view(), name="rails"),
    path("deposits/", views.DepositsView.as_view(), name="deposits"),
    path("deposits/<str:public_id>/", views.DepositView.as_view(), name="deposit"),
    path("invoices/", invoices.InvoicesView.as_view(), name="invoices"),
    path("invoices/<str:public_id>/", invoices.InvoiceView.as_view(), name="invoice"),
    path("payer-name/", invoices.PayerNameView.as_view(), name="payer_name"),
    path("withdrawals/", views.WithdrawalsView.as_view(), name="withdrawals"),
    path("withdrawal-readiness/", views.ReadinessView.as_view(), name="readiness"),
    path("payout-addresses/", views.SavedAddressesView.as_view(), name="payout_addresses"),
    path(
        "payout-addresses/<str:public_id>/",
        views.SavedAddressView.as_view(),
        name="payout_address",
    ),
    path("withdrawals/<str:public_id>/", views.WithdrawalView.as_view(), name="withdrawal"),
]
