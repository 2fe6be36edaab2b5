"""What the casino asks."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.integrations.simulation import spoilt
from apps.limits.providers.register.simulator import records

ASKED = ("firstName", "lastName", "dateOfBirth", "email", "postcode", "mobile")


def refuse(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Forbidden", status=403, content_type="text/plain")


@spoilt(records.switchboard, refuse)
def check(request: HttpRequest) -> HttpResponse:
    """`POST /v2`"""
    key = request.headers.get("X-API-Key", "")
    if not key or key != settings.GAMSTOP_API_KEY:
        return refuse(request)
    if request.method != "POST":
        return HttpResponse(status=405)
    asked = {name: request.POST.get(name, "") for name in ASKED}
    if not asked["dateOfBirth"]:
        return HttpResponse("dateOfBirth is missing", status=400, content_type="text/plain")
    answer = records.verdict(asked)
    response = HttpResponse(status=200, content_type="text/plain")
    response["X-Exclusion"] = answer
    response["X-Unique-Id"] = records.note(asked, answer)
    return response
