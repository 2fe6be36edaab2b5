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
    path("originals/seeds/", views.SeedsView.as_view(), name="seeds"),
    path("originals/<str:game>/bets/", views.PlaceView.as_view(), name="original_place"),
]
