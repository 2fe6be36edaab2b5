from django.urls import path

from apps.payments import views

app_name = "payments"

urlpatterns = [
    path("wallet/", views.wallet, name="wallet"),
    path("wallet/currency/", views.active_currency, name="active_currency"),
    path("wallet/deposit/", views.deposit, name="deposit"),
    path("wallet/deposit/status/", views.deposit_status, name="deposit_status"),
    path("wallet/withdraw/", views.withdraw, name="withdraw"),
    path("wallet/history/", views.history, name="history"),
    path("wallet/deposits/<str:public_id>/", views.deposit_detail, name="deposit_detail"),
    path("wallet/withdrawals/<str:public_id>/", views.withdrawal_detail, name="withdrawal_detail"),
]
