"""Each role at each address. The table is generated, so a new page is in it by itself."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from apps.core.admin import ReadOnlyAdmin
from apps.operator.models import Duty, Staff
from apps.operator.roles import EMERGENCY, EMERGENCY_PERMISSIONS, PERMISSIONS
from tests.operator.factories import World, make_player, signed_in

pytestmark = pytest.mark.django_db

MODELS = {model._meta.label_lower: model for model in admin.site._registry}


def own_pages(world: World) -> dict[str, str]:
    """Pages beside the lists, with the permission each needs."""
    public_id = world.withdrawal.public_id
    player = world.player.pk
    return {
        "/operator/live/": "",
        "/operator/live/bets/": "operator.view_dashboard",
        "/operator/queue/": "payments.view_withdrawal",
        f"/operator/queue/{public_id}/": "payments.view_withdrawal",
        f"/operator/queue/{public_id}/approve/": "payments.approve_withdrawal",
        f"/operator/queue/{public_id}/reject/": "payments.reject_withdrawal",
        f"/operator/queue/{public_id}/hold/": "payments.approve_withdrawal",
        f"/operator/players/{player}/rank/": "operator.change_player_rank",
        f"/operator/players/{player}/kyc/": "operator.change_player_kyc",
        f"/operator/players/{player}/freeze/": "operator.unfreeze_payouts",
        f"/operator/players/{player}/unfreeze/": "operator.unfreeze_payouts",
        "/operator/payments/limitrule/add-rule/": "payments.change_limitrule",
        "/operator/payments/approvalrule/add-rule/": "payments.change_approvalrule",
        f"/operator/players/{player}/": "accounts.view_player",
        f"/operator/players/{player}/timeline/": "operator.view_timeline",
        f"/operator/players/{player}/status/": "operator.change_player_status",
        f"/operator/entries/{world.deposit.entry_id}/": "ledger.view_entry",
        "/operator/operations/": "ledger.view_operation",
        "/operator/staff/new/": "operator.manage_staff",
        f"/operator/audit/alarm/{world.alarm.pk}/resolve/": "operator.resolve_alarms",
        f"/operator/events/delivery/{world.delivery.pk}/retry/": "operator.retry_deliveries",
        f"/operator/integrations/inboxmessage/{world.callback.pk}/replay/": (
            "operator.replay_callbacks"
        ),
        f"/operator/games/game/{world.session.game_id}/switch-off/": "operator.switch_games",
        f"/operator/games/gamesession/{world.session.pk}/end/": "operator.switch_games",
        "/operator/operator/staff/create/": "operator.manage_staff",
    }


def test_the_groups_are_what_the_roles_say() -> None:
    for role, permissions in {**PERMISSIONS, EMERGENCY: EMERGENCY_PERMISSIONS}.items():
        found = Group.objects.get(name=role).permissions.select_related("content_type")
        assert {f"{one.content_type.app_label}.{one.codename}" for one in found} == permissions


def test_every_permission_of_a_role_belongs_to_a_model_that_exists() -> None:
    for permission in set().union(*PERMISSIONS.values()):
        app, _, codename = permission.partition(".")
        found = Permission.objects.get(content_type__app_label=app, codename=codename)
        assert found.content_type.model_class() is not None, permission


def test_every_duty_is_given_to_a_role() -> None:
    duties = {f"operator.{codename}" for codename, _ in Duty._meta.permissions}

    assert duties <= set().union(*PERMISSIONS.values())


def test_only_pages_on_the_read_only_base_are_registered() -> None:
    assert {
        type(page).__mro__.__contains__(ReadOnlyAdmin) for page in admin.site._registry.values()
    } == {True}
    assert "otp_totp.totpdevice" not in MODELS
    assert "auth.group" not in MODELS
    assert len(MODELS) >= 20


# The roles that see most and least here; tests/security asks every address for every permission.
@pytest.mark.parametrize("role", ["administrator", "auditor", "support"])
def test_lists_open_for_the_roles_that_may_view_them(
    world: World, people: dict[str, Staff], role: str
) -> None:
    client = signed_in(people[role])
    for label, model in sorted(MODELS.items()):
        app, name = model._meta.app_label, model._meta.model_name
        allowed = f"{app}.view_{name}" in PERMISSIONS[role]
        row = model._default_manager.order_by("pk").first()

        assert client.get(f"/operator/{app}/{name}/").status_code == (200 if allowed else 403), (
            label
        )
        assert client.get(f"/operator/{app}/{name}/add/").status_code == 403, label
        if row is not None:
            page = f"/operator/{app}/{name}/{row.pk}"
            opened = client.get(f"{page}/change/").status_code
            assert opened in ((200, 302) if allowed else (403,)), label
            assert client.get(f"{page}/delete/").status_code == 403, label
            assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403, label
            assert model._default_manager.filter(pk=row.pk).exists(), label


@pytest.mark.parametrize("role", sorted(PERMISSIONS))
def test_own_pages_open_for_the_roles_that_have_the_permission(
    world: World, people: dict[str, Staff], role: str
) -> None:
    client = signed_in(people[role])

    for address, permission in own_pages(world).items():
        allowed = not permission or permission in PERMISSIONS[role]
        status = client.get(address).status_code
        assert status in ((200, 302) if allowed else (403,)), (address, status)


@pytest.mark.parametrize("role", sorted(PERMISSIONS))
def test_a_post_without_the_permission_changes_nothing(
    world: World, people: dict[str, Staff], role: str
) -> None:
    client = signed_in(people[role])

    for address, permission in own_pages(world).items():
        if permission and permission not in PERMISSIONS[role]:
            answer = client.post(address, {"reason": "because", "note": "because", "code": "1"})
            assert answer.status_code == 403, address
    world.withdrawal.refresh_from_db()
    world.alarm.refresh_from_db()
    world.callback.refresh_from_db()
    world.session.game.refresh_from_db()
    if role != "administrator":
        assert world.alarm.resolved_at is None
        assert world.callback.state == "parked"
        assert world.session.game.enabled
    assert world.withdrawal.state == "requested"


def test_strangers_and_players_are_sent_to_the_entrance(world: World) -> None:
    player = make_player()
    playing = Client()
    playing.force_login(player.user)
    addresses = [
        *own_pages(world),
        *(f"/operator/{label.replace('.', '/')}/" for label in MODELS),
    ]

    for client in (Client(), playing):
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 302, address
            assert answer.url.startswith("/operator/login/"), address


def test_the_menu_shows_what_a_role_may_open(world: World, people: dict[str, Staff]) -> None:
    menu = signed_in(people["support"]).get("/operator/").content.decode()

    assert reverse("admin:accounts_player_changelist") in menu
    assert reverse("admin:ledger_entry_changelist") not in menu
    assert reverse("admin:operator_staff_changelist") not in menu


def test_support_sees_queues_and_no_revenue(world: World, people: dict[str, Staff]) -> None:
    page = signed_in(people["support"]).get("/operator/").content.decode()

    assert "Withdrawals to review" in page
    assert "GGR" not in page


def test_an_export_needs_its_own_permission(world: World, people: dict[str, Staff]) -> None:
    for label, page in ((key, admin.site._registry[model]) for key, model in MODELS.items()):
        if not hasattr(page, "export_action"):
            continue
        address = f"/operator/{label.replace('.', '/')}/export/"
        for role, permissions in PERMISSIONS.items():
            app, _, name = label.partition(".")
            allowed = {"operator.export_data", f"{app}.view_{name}"} <= permissions
            answer = signed_in(people[role]).get(address)
            assert answer.status_code == (200 if allowed else 403), (role, address)
