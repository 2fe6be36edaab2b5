from django.urls import path

from apps.wallet.api import views

urlpatterns = [
    path("currencies/", views.CurrenciesView.as_view(), name="currencies"),
    path("wallets/", views.WalletsView.as_view(), name="wallets"),
    path("wallets/active/", views.ActiveWalletView.as_view(), name="active_wallet"),
    path("rates/", views.RatesView.as_view(), name="rates"),
    path("exchange/quotes/", views.QuotesView.as_view(), name="exchange_quotes"),
    path(
        "exchange/quotes/<str:public_id>/accept/",
        views.AcceptView.as_view(),
        name="exchange_accept",
    ),
    path("exchanges/", views.ExchangesView.as_view(), name="exchanges"),
    path("exchanges/<str:public_id>/", views.ExchangeView.as_view(), name="exchange"),
    path("vault/put/", views.VaultPutView.as_view(), name="vault_put"),
    path("vault/take/", views.VaultTakeView.as_view(), name="vault_take"),
    path("transactions/", views.TransactionsView.as_view(), name="transactions"),
    path("transactions/<int:transaction_id>/", views.TransactionView.as_view(), name="transaction"),
]
