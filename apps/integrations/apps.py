from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "apps.integrations"
    label = "integrations"

    def ready(self) -> None:
        # Partners' handlers register themselves; the list of modules is wiring (settings).
        from apps.integrations import inbox

        inbox.load_handlers()
