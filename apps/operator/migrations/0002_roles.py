"""The roles as groups. Deny by default: each holds exactly what `roles.PERMISSIONS` lists."""

from django.apps import apps as installed
from django.db import migrations

from apps.operator.roles import EMERGENCY, EMERGENCY_PERMISSIONS, PERMISSIONS

GROUPS = {**PERMISSIONS, EMERGENCY: EMERGENCY_PERMISSIONS}


def set_roles(apps, schema_editor):
    group_model = apps.get_model("auth", "Group")
    for role, permissions in GROUPS.items():
        group, _ = group_model.objects.get_or_create(name=role)
        group.permissions.set(_permission(apps, name) for name in sorted(permissions))


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()


def _permission(apps, name):
    """Made here when need be: Django makes them only after the last migration."""
    app, _, codename = name.partition(".")
    model = _model_of(app, codename)
    if app == "operator" and codename != "view_staff":
        model = "duty"
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app, model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": codename.replace("_", " ").capitalize()}
    )
    return permission


def _model_of(app, codename):
    """The model whose permission it is: the one that declares it, else the one its name ends with."""
    for model in installed.get_app_config(app).get_models():
        if codename in {declared for declared, _ in model._meta.permissions}:
            return model._meta.model_name
    return codename.partition("_")[2]


class Migration(migrations.Migration):
    dependencies = [
        ("operator", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(set_roles, remove_roles)]
