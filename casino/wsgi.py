"""The `web` process: pages and API."""

import os

from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from casino import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings.production")
_application = get_wsgi_application()

from apps.audit import node_clock  # noqa: E402 (Django must be set up first)
from apps.operator import verifier  # noqa: E402

node_clock.watch()
verifier.watch_release()
# The client's address is what a proxy of ours says it is; without one, nobody is believed.
application = wrap_wsgi_with_proxy_headers(_application, trusted_hosts=env.proxies())
