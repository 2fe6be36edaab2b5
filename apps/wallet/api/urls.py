from django.urls import path

from apps.wallet.api import views

urlpatterns = [
    path("currencies/", views.CurrenciesView.as_view(), name="currencies"),
    path("wallets/", views.WalletsView.as_view(), name="wallets"),
    path("wallets/active/", views.ActiveWalletView.as_view(), name="active_wallet"),
    path("transactions/", views.TransactionsView.as_view(), name="transactions"),
    path("transactions/<int:transaction_id>/", views.TransactionView.as_view(), name="transaction"),
]
