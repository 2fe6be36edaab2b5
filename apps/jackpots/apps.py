from django.apps import AppConfig


class JackpotsConfig(AppConfig):
    name = "apps.jackpots"
    label = "jackpots"
