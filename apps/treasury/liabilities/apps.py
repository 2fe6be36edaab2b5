from django.apps import AppConfig


class LiabilitiesConfig(AppConfig):
    name = "apps.treasury.liabilities"
    label = "liabilities"
