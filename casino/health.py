"""Is it alive, may it take traffic, how is it doing."""

import hmac
import ipaddress
from collections.abc import Iterator
from functools import cache

import redis
from django.conf import settings
from django.core.cache import cache as shared_cache
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from apps.audit import node_clock
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.events.models import Delivery
from apps.integrations.models import InboxMessage
from apps.ledger import followers
from apps.ledger.selectors import postings_sum

UNBALANCED_CACHE_SECONDS = 300


def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers. Restart it when this fails, not when a database is away."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(_request: HttpRequest) -> HttpResponse:
    """Everything a request needs is there; otherwise send traffic elsewhere."""
    checks = {"database": _database()}
    checks["migrations"] = checks["database"] and _migrations()
    checks["clock"] = checks["database"] and _clock()
    # Without Redis pages are slower and bets go on: no reason to send everybody away.
    told = checks | {"redis": _redis()}
    return JsonResponse(told, status=200 if all(checks.values()) else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers for Prometheus, for private addresses or with the token."""
    if not _may_scrape(request):
        return HttpResponseForbidden("Not for this address.", content_type="text/plain")
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _clock() -> bool:
    """Whether this node may take bets by its clock, compared just now."""
    try:
        node_clock.compare()
    except DatabaseError:
        return False
    return node_clock.takes_bets()


def _redis() -> bool:
    try:
        return bool(_redis_client(settings.REDIS_URL).ping())
    except redis.RedisError:
        return False


@cache
def _redis_client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def _migrations() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations')")
        if cursor.fetchone()[0] is None:
            return False
        cursor.execute("SELECT app, name FROM django_migrations")
        return _known_migrations() <= set(cursor.fetchall())


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Those of this release; the files do not change while it runs."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return frozenset(loader.disk_migrations)


def _may_scrape(request: HttpRequest) -> bool:
    """A token when one is set. Without one a private peer, unless a proxy speaks for somebody."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        peer = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return peer.is_private or peer.is_loopback


@cache
def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(CasinoCollector())
    return registry


class CasinoCollector(Collector):
    """Read at each scrape, from the database: the same whichever process answers."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing at registration, so that it does not ask the database."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        lag = GaugeMetricFamily(
            "casino_follower_lag_entries",
            "Journal entries a follower has not read yet.",
            labels=["follower"],
        )
        for name, behind in followers.lag().items():
            lag.add_metric([name], behind)
        yield lag

        alarms = GaugeMetricFamily(
            "casino_alarms_open", "Alarms nobody has resolved.", labels=["severity"]
        )
        counts = dict(
            Alarm.objects.filter(resolved_at=None)
            .values_list("severity")
            .annotate(count=Count("pk"))
        )
        for severity in Alarm.Severity.values:
            alarms.add_metric([severity], counts.get(severity, 0))
        yield alarms

        yield GaugeMetricFamily(
            "casino_clock_skew_seconds",
            "How far the clock of the node that answers is ahead of the database's.",
            value=node_clock.skew_ms() / 1000,
        )
        yield GaugeMetricFamily(
            "casino_clock_takes_bets",
            "1 while the clock of the node that answers is good enough to take bets.",
            value=int(node_clock.takes_bets()),
        )
        yield from self._backlogs()
        yield GaugeMetricFamily(
            "casino_ledger_unbalanced_currencies",
            "Currencies whose postings do not sum to zero; anything but 0 is an emergency.",
            value=shared_cache.get_or_set(
                "health:unbalanced", _unbalanced_count, UNBALANCED_CACHE_SECONDS
            ),
        )

    def _backlogs(self) -> Iterator[GaugeMetricFamily]:
        inbox = GaugeMetricFamily(
            "casino_inbox_messages", "Callbacks not dealt with, by state.", labels=["state"]
        )
        states = (
            InboxMessage.State.RECEIVED,
            InboxMessage.State.FAILED,
            InboxMessage.State.PARKED,
        )
        counts = dict(
            InboxMessage.objects.filter(state__in=states)
            .values_list("state")
            .annotate(count=Count("pk"))
        )
        for state in states:
            inbox.add_metric([state.value], counts.get(state.value, 0))
        yield inbox

        waiting = Delivery.objects.filter(state=Delivery.State.WAITING).aggregate(
            count=Count("pk"), oldest=Min("event__at")
        )
        yield GaugeMetricFamily(
            "casino_events_waiting", "Events some handler has not heard.", value=waiting["count"]
        )
        age = (now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0
        yield GaugeMetricFamily(
            "casino_events_oldest_seconds", "Age of the oldest unheard event.", value=age
        )


def _unbalanced_count() -> int:
    return len(list(postings_sum()))
