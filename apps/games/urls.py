from django.urls import path

from apps.games import views

app_name = "games"

urlpatterns = [
    path("<slug:slug>/", views.detail, name="detail"),
    path("<slug:slug>/launch/", views.launch, name="launch"),
    path("<slug:slug>/demo/", views.demo, name="demo"),
    path("<slug:slug>/leave/", views.leave, name="leave"),
]
