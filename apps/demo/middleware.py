"""One name for the demo."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apps.demo.supervisor import HOST


class OneHost:
    """Send browsers from `localhost` to the address that the sockets use: cookies need one name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host, _, port = request.get_host().partition(":")
        is_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if host != HOST and is_page:
            place = f"{HOST}:{port}" if port else HOST
            return HttpResponseRedirect(f"http://{place}{request.get_full_path()}")
        return self.get_response(request)
