from django.urls import path

from apps.limits import views

app_name = "limits"

urlpatterns = [
    path("", views.home, name="home"),
    path("limits/", views.limits, name="limits"),
    path("limits/remove/", views.remove, name="remove"),
    path("limits/requests/<str:public_id>/", views.change_request, name="request"),
    path("history/", views.history, name="history"),
    path("break/", views.take_break, name="break"),
    path("break/now/", views.panic, name="panic"),
    path("break/return/", views.come_back, name="return"),
    path("spending/", views.spending, name="spending"),
    path("self-test/", views.self_test, name="self_test"),
    path("reality-check/", views.interval, name="interval"),
    path("reality-check/now/", views.check, name="check"),
    path("first-limit/", views.first_limit, name="first"),
    path("look-back/", views.look_back, name="review"),
    path("session/", views.plan, name="plan"),
]
