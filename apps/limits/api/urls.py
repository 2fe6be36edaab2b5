from django.urls import path

from apps.limits.api import views

urlpatterns = [
    path("limits/", views.LimitsView.as_view(), name="limits"),
    path("limits/remove/", views.RemoveLimitView.as_view(), name="limit_remove"),
    path(
        "limits/requests/<str:public_id>/", views.LimitRequestView.as_view(), name="limit_request"
    ),
    path("breaks/", views.BreaksView.as_view(), name="breaks"),
    path("reality-check/", views.RealityView.as_view(), name="reality_check"),
    path(
        "reality-check/<str:public_id>/",
        views.RealityAnswerView.as_view(),
        name="reality_answer",
    ),
]
