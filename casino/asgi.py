"""The `live` process: sockets only. Pages go through WSGI, which serves them faster."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from granian.utils.proxies import wrap_asgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings.production")
django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 (Django must be set up first)
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from apps.audit import node_clock  # noqa: E402
from apps.messaging.consumers import LiveConsumer  # noqa: E402
from apps.operator import verifier  # noqa: E402
from casino import env  # noqa: E402
from casino.origins import BrowsersOnly  # noqa: E402

node_clock.watch()
verifier.watch_release()
router = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": BrowsersOnly(
            AuthMiddlewareStack(URLRouter([path("ws/", LiveConsumer.as_asgi())])),
            settings.LIVE_ORIGINS,
        ),
    }
)
application = wrap_asgi_with_proxy_headers(router, trusted_hosts=env.proxies())
