"""Wiring only: settings, URLs, processes. The casino itself lives in `apps`."""

from casino.celery import app as celery_app

__all__ = ["celery_app"]
