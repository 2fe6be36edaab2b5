"""The register below `/register/`: its own path, and the tester's."""

from django.urls import path

from apps.limits.providers.register.simulator import api, pages

urlpatterns = [
    # the casino asks
    path("gamstop/v2", api.check),
    # the tester's page
    path("", pages.overview, name="register-overview"),
    # the tester's buttons
    path("control/reset", pages.reset, name="register-reset"),
    path("control/add", pages.add, name="register-add"),
    path("control/remove", pages.remove, name="register-remove"),
    path("control/find/questions", pages.questions),
    path("control/switches", pages.switches, name="register-switches"),
]
