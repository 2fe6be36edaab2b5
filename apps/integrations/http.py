"""The only way out: explicit time-outs, a size limit, no redirects, logs without secrets."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

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
        url = f"{self.base_url}/{path.lstrip('/')}"
        with self._client.stream(
            method, url, content=body, headers=dict(headers), timeout=limits
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
