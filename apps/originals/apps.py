from django.apps import AppConfig


class OriginalsConfig(AppConfig):
    name = "apps.originals"
    label = "originals"

    def ready(self) -> None:
        # Only now there are models.
        from apps.events import live
        from apps.originals import crash_feed

        live.offer(crash_feed.STREAM, crash_feed.state)
