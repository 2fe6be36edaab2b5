"""The project's addresses and one that breaks, for what is shown then."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from casino.urls import handler500
from casino.urls import urlpatterns as real

__all__ = ["handler500"]


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("SELECT secret_column FROM somewhere")


urlpatterns = [path("breaks/", broken), *real]
