from django.urls import path

from apps.originals.api import views

urlpatterns = [
    path("originals/", views.OriginalsView.as_view(), name="originals"),
    path("originals/bets/", views.BetsView.as_view(), name="original_bets"),
    path("originals/bets/<str:public_id>/", views.BetView.as_view(), name="original_bet"),
    path(
        "originals/bets/<str:public_id>/actions/",
        views.ActionsView.as_view(),
        name="original_actions",
    ),
    path("originals/runs/", views.RunsView.as_view(), name="original_runs"),
    path("originals/runs/<str:public_id>/", views.RunView.as_view(), name="original_run"),
    path("originals/runs/<str:public_id>/next/", views.NextView.as_view(), name="original_next"),
    path("originals/runs/<str:public_id>/stop/", views.StopView.as_view(), name="original_stop"),
    path("originals/crash/", views.CrashView.as_view(), name="crash"),
    path("originals/seeds/", views.SeedsView.as_view(), name="seeds"),
    path("originals/<str:game>/bets/", views.PlaceView.as_view(), name="original_place"),
]
