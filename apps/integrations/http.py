"""The only way out: configured hosts, explicit time-outs, a size limit, no redirects, logs without secrets."""

import ipaddress
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import structlog
from django.conf import settings

from apps.integrations.errors import ProviderError

log = structlog.get_logger()

CONNECT_SECONDS = 3.0
ANSWER_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    body: bytes
    headers: Mapping[str, str]


class VendorHttp:
    """HTTP to one partner. `base_url` comes from `<VENDOR>_BASE_URL`; without one it is off."""

    def __init__(self, vendor: str, base_url: str):
        self.vendor = vendor
        self.base_url = base_url.rstrip("/")
        self._client = httpx.Client(
            follow_redirects=False,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=10),
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = 10.0,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
    ) -> HttpAnswer:
        """Send exactly `body` and return whatever status came back.

        timeout_seconds: for the whole answer; a partner that drips bytes is not waited for.
        Raises ProviderError: the connection failed (nothing was sent), or the answer is missing,
        too slow or too long (the outcome is unknown).
        """
        if not self.base_url:
            raise ProviderError(f"{self.vendor} is not configured.", retryable=False)
        self._check_host(self._url(path))
        started = time.monotonic()
        try:
            answer = self._send(
                method, path, body, headers or {}, timeout_seconds, answer_bytes_max
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self._log(method, path, started, error=type(error).__name__)
            raise ProviderError(f"{self.vendor} cannot be reached.", retryable=True) from error
        except httpx.HTTPError as error:
            self._log(method, path, started, error=type(error).__name__)
            raise ProviderError(
                f"{self.vendor} did not answer.", retryable=True, outcome_unknown=True
            ) from error
        self._log(method, path, started, status=answer.status)
        return answer

    def _send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        timeout: float,
        bytes_max: int,
    ) -> HttpAnswer:
        limits = httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout))
        deadline = time.monotonic() + timeout
        with self._client.stream(
            method, self._url(path), content=body, headers=dict(headers), timeout=limits
        ) as response:
            chunks, size = [], 0
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > bytes_max:
                    raise ProviderError(
                        f"{self.vendor} answered too much.", retryable=False, outcome_unknown=True
                    )
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("The answer drips.", request=response.request)
                chunks.append(chunk)
            return HttpAnswer(response.status_code, b"".join(chunks), dict(response.headers))

    def _url(self, path: str) -> str:
        return f"{self.base_url}/{path.lstrip('/')}"

    def _check_host(self, url: str) -> None:
        """Refuse what leaves the configured host, and hosts inside where there should be none.

        A name that points into our own network is a setting gone wrong or a name server that lies;
        production has no partner there. Raises ProviderError; nothing was sent.
        """
        asked, ours = urlsplit(url), urlsplit(self.base_url)
        if (asked.scheme, asked.netloc) != (ours.scheme, ours.netloc):
            raise ProviderError(f"{self.vendor} is asked at its own host only.", retryable=False)
        if settings.OUTBOUND_PRIVATE_ALLOWED:
            return
        if asked.scheme != "https":
            raise ProviderError(f"{self.vendor} is asked over https only.", retryable=False)
        if not all(is_public(address) for address in _addresses(asked.hostname or "", self.vendor)):
            raise ProviderError(f"{self.vendor} is not a public host.", retryable=False)

    def _log(self, method: str, path: str, started: float, **facts: object) -> None:
        log.info(
            "vendor.call",
            vendor=self.vendor,
            method=method,
            path=path,
            milliseconds=round((time.monotonic() - started) * 1000),
            **facts,
        )


_clients: dict[tuple[str, str], VendorHttp] = {}


def client(vendor: str) -> VendorHttp:
    """The client of a partner, by its settings name: `client("COINSPAID")`."""
    base_url = getattr(settings, f"{vendor.upper()}_BASE_URL", "")
    key = (vendor, base_url)
    if key not in _clients:
        _clients[key] = VendorHttp(vendor, base_url)
    return _clients[key]


def is_public(address: str) -> bool:
    """Whether an address belongs to the outside world: no private, link-local or reserved one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast


def _addresses(host: str, vendor: str) -> list[str]:
    """What the name points to now. Raises ProviderError."""
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ProviderError(f"{vendor} cannot be reached.", retryable=True) from error
    return [str(entry[4][0]) for entry in found]
