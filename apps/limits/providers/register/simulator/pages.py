"""Who is excluded, as a tester decides, and what the casino asked."""

from django.http import HttpRequest, HttpResponse

from apps.integrations.simulation import Json, control, page, set_switches
from apps.limits.providers.register.simulator import records
from apps.limits.providers.register.simulator.records import book, switchboard


def overview(request: HttpRequest) -> HttpResponse:
    context: Json = {
        "people": [{**one, "words": records.STATES[one["state"]]} for one in records.people()],
        "questions": records.questions(),
        "states": list(records.STATES.items()),
        "switches": switchboard.current(),
    }
    return page(request, "register/overview.html", context)


@control
def add(data: Json) -> Json:
    entry = records.add(data)
    return {"said": "This person is in the register now.", "entry": entry}


@control
def remove(data: Json) -> Json:
    records.remove(str(data.get("id", "")))
    return {"said": "This person is not in the register any more."}


@control
def questions(data: Json) -> Json:
    return {"questions": records.questions(data.get("match") or {})}


@control
def reset(_data: Json) -> Json:
    book.clear()
    return {"said": "Nobody is in the register."}


switches = control(set_switches(switchboard))
