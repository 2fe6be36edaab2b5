"""Plain HTTP to this machine, for all tests: `web.get(url)`.

`httpx.get` makes a client for every call, and each client reads the world's certificates first,
which took a twentieth of all tests.
"""

from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

web = httpx.Client(
    verify=False,  # nothing but this machine is spoken to
    trust_env=False,
    # Every call is a stranger's, on a connection of its own: the other end may have been killed.
    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    limits=httpx.Limits(max_keepalive_connections=0),
)
