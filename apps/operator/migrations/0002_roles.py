"""The roles as groups. Deny by default: each holds exactly what `roles.PERMISSIONS` lists."""

from django.db import migrations

from apps.operator.roles import PERMISSIONS


def set_roles(apps, schema_editor):
    group_model = apps.get_model("auth", "Group")
    for role, permissions in PERMISSIONS.items():
        group, _ = group_model.objects.get_or_create(name=role)
        group.permissions.set(_permission(apps, name) for name in sorted(permissions))


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=PERMISSIONS).delete()


def _permission(apps, name):
    """Made here when need be: Django makes them only after the last migration."""
    app, _, codename = name.partition(".")
    model = codename.partition("_")[2]
    if app == "operator" and codename != "view_staff":
        model = "duty"
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app, model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": codename.replace("_", " ").capitalize()}
    )
    return permission


class Migration(migrations.Migration):
    dependencies = [
        ("operator", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(set_roles, remove_roles)]
