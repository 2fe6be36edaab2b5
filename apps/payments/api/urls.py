from django.urls import path

from apps.payments.api import views

urlpatterns = [
    path("rails/", views.RailsView.as_view(), name="rails"),
    path("deposits/", views.DepositsView.as_view(), name="deposits"),
    path("deposits/<str:public_id>/", views.DepositView.as_view(), name="deposit"),
    path("withdrawals/", views.WithdrawalsView.as_view(), name="withdrawals"),
    path("withdrawals/<str:public_id>/", views.WithdrawalView.as_view(), name="withdrawal"),
]
