"""Makes the back office the admin site of the project."""

from django.contrib.admin.apps import AdminConfig


class OperatorAdminConfig(AdminConfig):
    default_site = "apps.operator.site.OperatorSite"
