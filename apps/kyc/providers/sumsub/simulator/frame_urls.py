"""The frame's addresses, at the root of the host as the vendor's are."""

from django.urls import path

from apps.kyc.providers.sumsub.simulator import frame

urlpatterns = [
    path("websdk.html", frame.shell),
    path("api/state", frame.state),
    path("api/documents", frame.hand_in),
    path("api/submit", frame.submit),
]
