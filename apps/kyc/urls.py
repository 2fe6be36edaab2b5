"""The player's own pages of verification."""

from django.urls import path

from apps.kyc import frame_views, views

app_name = "kyc"
urlpatterns = [
    path("account/verification/", views.verification, name="verification"),
    path("account/verification/details/", views.details, name="details"),
    path("account/verification/files/remove/", views.take_back, name="take_back"),
    path("account/verification/frame/token/", frame_views.token, name="frame_token"),
    path("account/verification/frame/<slug:level>/", frame_views.page, name="frame"),
    path("account/verification/<int:level>/submit/", views.submit, name="submit"),
    path("account/verification/<int:level>/contest/", views.contest, name="contest"),
    path("account/verification/<int:level>/<slug:kind>/", views.upload, name="upload"),
]
