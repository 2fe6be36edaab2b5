from django.urls import path

from apps.games.api import views

urlpatterns = [
    path("games/", views.GamesView.as_view(), name="games"),
    path("games/<slug:slug>/", views.GameView.as_view(), name="game"),
    path("games/<slug:slug>/launch/", views.LaunchView.as_view(), name="game_launch"),
    path("rounds/", views.RoundsView.as_view(), name="rounds"),
]
