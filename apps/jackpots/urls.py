from django.urls import path

from apps.jackpots import views

app_name = "jackpots"

urlpatterns = [
    path("", views.index, name="index"),
    path("live/", views.live, name="live"),
    path("ticker/", views.ticker, name="ticker"),
    path("drops/<str:public_id>/", views.drop, name="drop"),
    path("drops/<str:public_id>.json", views.drop_file, name="drop_file"),
    path("<slug:code>/choice/", views.choose, name="choose"),
]
