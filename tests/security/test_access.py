"""The access matrix: every address against strangers, players, and staff with and without the right.

Which role holds which permission is `apps/operator/roles.py`, and tests/operator/test_roles.py holds
the groups against it. Here each address is asked by somebody who has every permission but the one it
takes, and by somebody who has only that one: so the table of addresses and the table of roles
together say what each role may open.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Permission
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver, resolve
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import Player, User
from apps.audit import proposals
from apps.operator.roles import PERMISSIONS
from tests.conftest import make_player
from tests.operator.factories import make_staff, make_world, signed_in
from tests.security import routes

pytestmark = [pytest.mark.django_db, pytest.mark.rule("SEC-01", "SEC-04")]

SAMPLES = {"int": "999999999", "str": "zz_none", "slug": "zz-none", "path": "999999999"}
SIGN_IN = "/accounts/login/"
DOOR = "/operator/login/"
OPEN = {200, 204, 302, 400, 404, 405, 409, 410, 415, 422, 429}
ENTRANCE = import_module(settings.SESSION_ENGINE).SessionStore


def all_routes() -> Iterator[str]:
    """Every address as Django has it, in the order it is looked up."""

    def walk(resolver: Any, before: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            here = before + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield here
            else:
                yield from walk(pattern, here)

    yield from walk(get_resolver(), "")


ROUTES = list(dict.fromkeys(all_routes()))
MODEL_PAGES = {
    route: needed
    for model, page in admin.site._registry.items()
    for route, needed in routes.model_pages(
        model._meta.app_label, str(model._meta.model_name), leaves=hasattr(page, "export_action")
    ).items()
}


def staff_rows() -> dict[str, tuple[str, ...]]:
    """Back-office addresses with what each takes; a page of our own comes before a list's."""
    return {
        **MODEL_PAGES,
        **routes.permissions(),
        **dict.fromkeys(routes.lines(routes.STAFF), ("",)),
    }


BLOCKS = {
    name: routes.lines(getattr(routes, name))
    for name in ("ANYONE", "MACHINES", "PARTNERS", "PLAYERS", "PLAYERS_API", "STAFF_DOOR", "NOBODY")
}


def address(route: str) -> str:
    """The route with things in it that do not exist."""
    for kind, sample in SAMPLES.items():
        while f"<{kind}:" in route:
            before, _, rest = route.partition(f"<{kind}:")
            route = f"{before}{sample}{rest.partition('>')[2]}"
    fixed = {
        "<name:slug>": "zz-none",
        "<name:studio>": "zz-none",
        "<name:seed>": "zz-none",
        "<version:version>": "0",
        "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": "accounts/confirm-email/none/",
        "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": (
            "accounts/password/reset/key/zz-none/"
        ),
        "operator/(?P<url>.*)$": "operator/zz/none/at/all",
    }
    for name, sample in fixed.items():
        route = route.replace(name, sample)
    return f"/{route}"


def listed(found: list[Any]) -> str:
    """One a line, to be read when there are many."""
    return "\n".join(str(one) for one in found)


def test_every_address_has_its_line_and_every_line_its_address() -> None:
    written = [*staff_rows(), *(line for block in BLOCKS.values() for line in block)]
    # The list of one app's lists: Django writes all their names into it.
    real = {route for route in ROUTES if not route.startswith("operator/^(?P<app_label>")}

    assert sorted(real - set(written)) == []
    assert sorted(set(written) - real) == []
    assert sorted({one for one in written if written.count(one) > 1}) == []


def test_no_role_both_proposes_and_approves() -> None:
    both = {
        (name, role)
        for name in proposals.act_names()
        for role, permissions in PERMISSIONS.items()
        if {proposals._acts[name].propose, proposals._acts[name].approve} <= permissions
    }

    assert both == set()
    assert len(proposals.act_names()) >= 14


def test_every_permission_of_the_table_is_in_a_role_and_the_auditor_only_reads() -> None:
    needed = {one for row in staff_rows().values() for one in row if one}
    known = set().union(*PERMISSIONS.values())

    assert sorted(needed - known) == []
    acts = {name for name in PERMISSIONS["auditor"] if ".view_" not in name}
    assert acts == {"operator.export_data", "operator.run_verifier"}


# ---- the back office ---------------------------------------------------------------------------


class Asked:
    """Back-office views called as the server calls them, without drawing the pages."""

    def __init__(self) -> None:
        self.factory = RequestFactory()
        self.everything = frozenset().union(*PERMISSIONS.values())

    def __call__(self, user: User | AnonymousUser, method: str, path: str) -> HttpResponse:
        request: Any = getattr(self.factory, method)(path)
        request._dont_enforce_csrf_checks = True
        request.user, request.session, request.htmx = user, ENTRANCE(), False
        request.request_id, request._messages = "rq_matrix", FallbackStorage(request)
        match = resolve(path)
        request.resolver_match = match
        try:
            answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        except Http404:
            return HttpResponse(status=404)
        return answer


@pytest.fixture
def asked() -> Asked:
    return Asked()


def staff_with(permissions: frozenset[str], *, known: dict[str, Permission] | None = None) -> User:
    """Somebody with exactly these permissions: on the request, and for services that look again."""
    number = staff_with.made = getattr(staff_with, "made", 0) + 1  # type: ignore[attr-defined]
    user = User.objects.create(email=f"matrix-{number}@example.org", is_staff=True)
    if known is not None:
        user.user_permissions.add(*(known[one] for one in permissions if one in known))
    return inside(user, permissions)


def inside(user: User, permissions: frozenset[str]) -> User:
    user._perm_cache = set(permissions)  # type: ignore[attr-defined]  # Django's own name
    user.otp_device = TOTPDevice(user=user)  # type: ignore[attr-defined]
    user.is_verified = lambda: True  # type: ignore[attr-defined]
    return user


def test_strangers_and_players_find_the_door_of_the_back_office_closed(
    asked: Asked, player: Player
) -> None:
    player.user.is_verified = lambda: False  # type: ignore[attr-defined]  # django-otp's
    wrong = []
    for route in [*staff_rows(), *BLOCKS["NOBODY"]]:
        for user in (AnonymousUser(), player.user):
            if isinstance(user, AnonymousUser):
                user.is_verified = lambda: False  # type: ignore[attr-defined]
            answer = asked(user, "get", address(route))
            at_the_door = answer.status_code == 302 and answer["Location"].startswith(DOOR)
            # Leaving is for everybody; what does not exist may say so.
            if not at_the_door and route != "operator/logout/":
                wrong.append((route, str(user), answer.status_code))

    assert not wrong, listed(wrong)


def test_a_page_takes_exactly_its_permission(asked: Asked) -> None:
    known = {
        f"{one.content_type.app_label}.{one.codename}": one
        for one in Permission.objects.select_related("content_type")
    }
    everything = asked.everything
    poor = staff_with(frozenset())
    let_in, kept_out = [], []
    people: dict[tuple[str, ...], User] = {}
    for route, needed in staff_rows().items():
        path = address(route)
        if needed == ("",):
            continue
        if needed == ():
            answers = {asked(inside(poor, everything), verb, path) for verb in ("get", "post")}
            if not {one.status_code for one in answers} <= {403, 405}:
                let_in.append((route, [one.status_code for one in answers]))
            continue
        for lacking in needed:
            for verb in ("get", "post"):
                status = asked(inside(poor, everything - {lacking}), verb, path).status_code
                if status not in (403, 405):
                    let_in.append((route, verb, lacking, status))
        if needed not in people:
            people[needed] = staff_with(frozenset(needed), known=known)
        rich = inside(people[needed], frozenset(needed))
        status = asked(rich, "get", path).status_code
        if status not in OPEN:
            kept_out.append((route, needed, status))

    assert not let_in, listed(let_in)
    assert not kept_out, listed(kept_out)


def test_pages_of_all_staff_open_for_each_role_and_what_is_nobodys_for_none(asked: Asked) -> None:
    wrong = []
    for role, permissions in PERMISSIONS.items():
        user = inside(make_staff(role), permissions)
        for route in routes.lines(routes.STAFF):
            if route in {"operator/logout/", "operator/autocomplete/"}:
                continue
            status = asked(user, "get", address(route)).status_code
            if status not in OPEN:
                wrong.append((role, route, status))
        for route in BLOCKS["NOBODY"]:
            if (status := asked(user, "get", address(route)).status_code) not in {403, 404}:
                wrong.append((role, route, status))
    assert not wrong, listed(wrong)


@pytest.mark.rule("AML-10")
def test_only_compliance_and_nobody_else_reads_reports_of_suspicion() -> None:
    readers = {role for role, found in PERMISSIONS.items() if "risk.view_suspiciousreport" in found}

    assert readers == {"compliance"}


# ---- players -----------------------------------------------------------------------------------


def test_players_addresses_send_strangers_and_staff_to_the_entrance(player: Player) -> None:
    stranger, playing, working = Client(), Client(), signed_in(make_staff("administrator"))
    playing.force_login(player.user)
    wrong: list[tuple[str, str, object]] = []
    for route in BLOCKS["PLAYERS"]:
        path = address(route)
        for name, client in (("stranger", stranger), ("staff", working)):
            answer = ask(client, path)
            to_entrance = answer.status_code == 302 and SIGN_IN in answer["Location"]
            if not (to_entrance or answer.status_code in {401, 403, 404}):
                wrong.append((name, route, answer.status_code))
        status = ask(playing, path).status_code
        if status not in OPEN and status != routes.ASKS_MORE.get(route):
            wrong.append(("player", route, status))
    for route in BLOCKS["PLAYERS_API"]:
        path = address(route)
        for name, client in (("stranger", stranger), ("staff", working)):
            status = ask(client, path).status_code
            if status not in {401, 403, 410}:
                wrong.append((name, route, status))
        status = ask(playing, path).status_code
        # allauth's app client has tokens of its own; a browser's session means nothing to it.
        if status not in (OPEN | {401, 403} if route.startswith("_allauth") else OPEN | {403}):
            wrong.append(("player", route, status))

    assert not wrong, listed(wrong)


def ask(client: Client, path: str) -> HttpResponse:
    """GET, and POST where there is nothing to get."""
    answer = client.get(path)
    return client.post(path) if answer.status_code == 405 else answer  # type: ignore[return-value]


def test_what_is_for_the_world_opens_for_strangers(client: Client) -> None:
    wrong = []
    for route in [*BLOCKS["ANYONE"], *BLOCKS["STAFF_DOOR"]]:
        answer = ask(client, address(route))
        to_entrance = answer.status_code == 302 and answer["Location"].startswith(SIGN_IN)
        # Doors ask for something; api/v1/ has nothing below it; the app's doors say 401 with a flow.
        fine = OPEN | ({401, 403, 410} if route.startswith("_allauth") else {503})
        if answer.status_code not in fine or (to_entrance and not route.startswith("accounts/")):
            wrong.append((route, answer.status_code))

    assert not wrong, listed(wrong)


def test_machines_and_partners_are_known_by_more_than_the_address(client: Client) -> None:
    from casino.callbacks import HANDLERS

    assert client.get("/metrics", REMOTE_ADDR="8.8.8.8").status_code in {401, 403, 404}
    for partner in HANDLERS:
        answer = client.post(f"/callbacks/{partner}/zz-none", b"{}", "application/json")
        assert answer.status_code >= 400, (partner, answer.status_code)


def test_what_belongs_to_another_player_does_not_exist(other_player: Player) -> None:
    """The real things of one player, asked for by their owner and by another."""
    world = make_world()
    owner, other = Client(), Client()
    owner.force_login(world.player.user)
    other.force_login(other_player.user)
    transaction = owner.get("/api/v1/transactions/").json()["results"][0]["id"]
    things = [
        f"/wallet/withdrawals/{world.withdrawal.public_id}/",
        f"/wallet/deposits/{world.deposit.public_id}/",
        f"/api/v1/withdrawals/{world.withdrawal.public_id}/",
        f"/api/v1/deposits/{world.deposit.public_id}/",
        f"/api/v1/transactions/{transaction}/",
    ]

    for thing in things:
        assert owner.get(thing).status_code == 200, thing
        assert other.get(thing).status_code == 404, thing
        assert Client().get(thing).status_code in {302, 401}, thing
    assert other.delete(f"/api/v1/api-keys/{world.key.prefix}/").status_code == 404
    assert owner.delete(f"/api/v1/api-keys/{world.key.prefix}/").status_code == 204


def test_a_player_is_shown_no_more_by_asking_as_another(player: Player) -> None:
    other = make_player("mallory")
    client = Client()
    client.force_login(other.user)

    page = client.get("/account/").content.decode()

    assert player.user.email not in page


def _routes_of_sockets() -> list[str]:
    """What the socket server listens to."""
    from casino import asgi

    found: list[str] = []

    def look(app: Any) -> None:
        if hasattr(app, "application_mapping"):
            for one in app.application_mapping.values():
                look(one)
        elif hasattr(app, "routes"):
            found.extend(str(route.pattern) for route in app.routes)
        elif (
            inner := getattr(app, "inner", None) or getattr(app, "application", None)
        ) is not None:
            look(inner)

    look(asgi.router.application_mapping["websocket"])
    return found


@pytest.mark.rule("SEC-10")
def test_there_is_one_socket_and_it_asks_where_the_page_is_from() -> None:
    from channels.security.websocket import OriginValidator

    from casino import asgi

    assert _routes_of_sockets() == ["ws/"]
    assert isinstance(asgi.router.application_mapping["websocket"], OriginValidator)
