"""Who may call: a credential of ours, from an address of theirs.

The vendor signs nothing, so both are all there is. One of Basic and a static Bearer token is in use
at a time. While a password or token is being changed, the one before is accepted too.
Source: documentation portal, authentication (state of April 2023, read November 2026).
"""

import base64
import binascii
import hmac
import ipaddress
from functools import cache

from django.conf import settings

from apps.integrations.callbacks import CallbackRequest

UNAUTHORISED, FORBIDDEN = 401, 403
HEADER_MAX = 1024


def problem(request: CallbackRequest) -> int:
    """The HTTP status to turn a call away with, or 0. The peer is who our own proxy says it is."""
    if not _is_allowed(request.remote_addr):
        return FORBIDDEN
    return 0 if _is_known(request.headers.get("authorization", "")) else UNAUTHORISED


def _is_allowed(peer: str) -> bool:
    networks = _networks(tuple(settings.PAYMENTIQ_IP_ALLOWLIST))
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


@cache
def _networks(
    listed: tuple[str, ...],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(one, strict=False) for one in listed)


def _is_known(header: str) -> bool:
    if not header or len(header) > HEADER_MAX:
        return False
    scheme, _, given = header.partition(" ")
    given = given.strip()
    if settings.PAYMENTIQ_BEARER:
        tokens = (settings.PAYMENTIQ_BEARER, settings.PAYMENTIQ_BEARER_PREVIOUS)
        return _matches(given, tokens) and scheme.lower() == "bearer"
    if not settings.PAYMENTIQ_USERNAME or not settings.PAYMENTIQ_PASSWORD:
        return False
    try:
        pair = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return False
    passwords = (settings.PAYMENTIQ_PASSWORD, settings.PAYMENTIQ_PASSWORD_PREVIOUS)
    wanted = tuple(f"{settings.PAYMENTIQ_USERNAME}:{one}" if one else "" for one in passwords)
    return _matches(pair, wanted) and scheme.lower() == "basic"


def _matches(given: str | bytes, wanted: tuple[str, ...]) -> bool:
    """Every candidate is compared, each in constant time."""
    raw = given if isinstance(given, bytes) else given.encode("utf-8", "replace")
    found = False
    for one in wanted:
        found |= bool(one) and hmac.compare_digest(raw, one.encode())
    return found
