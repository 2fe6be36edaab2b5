"""Whose request it is: the one place that says so, for audit, sign-in, limits, location and API.

The server takes the address from the connection. Only when the peer is one of `TRUSTED_PROXIES`
does it take the last address in `X-Forwarded-For` that is none of them (`casino/wsgi.py`,
`casino/asgi.py`), so nothing that a client writes into a header arrives here.
"""

import ipaddress
from typing import Any

from django.http import HttpRequest

# Whoever has one IPv6 address has all of its network.
IPV6_PREFIX = 64

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_ip(request: HttpRequest | None) -> str | None:
    """The client's address; None where there is none, as in tasks."""
    if request is None:
        return None
    return request.META.get("REMOTE_ADDR") or None


def socket_ip(scope: dict[str, Any]) -> str | None:
    """The same for a socket."""
    client = scope.get("client")
    return str(client[0]) if client and client[0] else None


def parsed(ip: str | None) -> Address | None:
    """The address, an embedded IPv4 one as such; None for what is no address."""
    try:
        found = ipaddress.ip_address((ip or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped
    return found


def counted_as(ip: str | None) -> str:
    """Under what an address is counted: itself, or its network."""
    found = parsed(ip)
    if found is None:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))
    return str(found)
