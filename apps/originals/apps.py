from django.apps import AppConfig


class OriginalsConfig(AppConfig):
    name = "apps.originals"
    label = "originals"
