from django.urls import path

from apps.originals import views

app_name = "originals"
urlpatterns = [
    path("originals/", views.index, name="index"),
    path("originals/bets/<str:public_id>/", views.bet, name="bet"),
    path("originals/bets/<str:public_id>/receipt.json", views.receipt, name="receipt"),
    path("originals/crash/rounds/<str:public_id>/", views.crash_round, name="round"),
    path("originals/<slug:code>/", views.game, name="game"),
    path("originals/<slug:code>/bets/", views.bets, name="bets"),
    path("fairness/", views.fairness, name="fairness"),
    path("fairness/rotate/", views.rotate, name="rotate"),
    path("fairness/pairs/<str:public_id>.json", views.pair, name="pair"),
    path("fairness/offline/", views.offline, name="offline"),
]
