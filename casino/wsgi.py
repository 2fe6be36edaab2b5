"""The `web` process: pages and API."""

import os

from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from casino import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings.production")
# The client's address is what a proxy of ours says it is; without one, nobody is believed.
application = wrap_wsgi_with_proxy_headers(
    get_wsgi_application(), trusted_hosts=env.items("TRUSTED_PROXIES")
)
