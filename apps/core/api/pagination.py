"""Lists page by cursor, newest first: a row that comes in between moves nothing."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from django.db import models
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from apps.core.errors import InvalidInput

LIMIT, LIMIT_MAX = 50, 200
ID_MAX = 2**63 - 1


class HasId(Protocol):
    @property
    def id(self) -> int: ...


class CursorPagination(BasePagination):
    """`?cursor=…&limit=50` → `{"results": […], "next": url or null, "next_cursor": … or null}`."""

    def paginate_queryset(
        self,
        queryset: models.QuerySet[Any] | Sequence[Any],
        request: Request,
        view: Any = None,
    ) -> list[Any]:
        if not isinstance(queryset, models.QuerySet):
            raise TypeError("A cursor needs a table to point into.")
        newest_first = queryset.order_by("-pk")

        def read(before_id: int | None, limit: int) -> Iterable[Any]:
            rows = newest_first if before_id is None else newest_first.filter(pk__lt=before_id)
            return rows[:limit]

        return self.paginate(request, read)

    def paginate(
        self, request: Request, read: Callable[[int | None, int], Iterable[HasId]]
    ) -> list[Any]:
        """The page the request asks for. `read(before_id, limit)` answers newest first.

        Raises InvalidInput for a cursor or limit that is none.
        """
        self.request = request
        limit = _limit(request)
        rows = list(read(_before_id(request), limit + 1))
        self.next_cursor = _cursor(rows[limit - 1].id) if len(rows) > limit else None
        return rows[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        url = None
        if self.next_cursor:
            here = self.request.build_absolute_uri()
            url = replace_query_param(here, "cursor", self.next_cursor)
        return Response({"results": data, "next": url, "next_cursor": self.next_cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next", "next_cursor"],
            "properties": {
                "results": schema,
                "next": {"type": "string", "format": "uri", "nullable": True},
                "next_cursor": {"type": "string", "nullable": True},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "`next_cursor` of the page before.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": "Rows on a page.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LIMIT_MAX,
                    "default": LIMIT,
                },
            },
        ]


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LIMIT_MAX):
        raise InvalidInput(fields={"limit": f"Use a number from 1 to {LIMIT_MAX}."})
    return int(text)


def _cursor(row_id: int) -> str:
    return base64.urlsafe_b64encode(f"b{row_id}".encode()).decode().rstrip("=")


def _before_id(request: Request) -> int | None:
    text = request.query_params.get("cursor")
    if text is None:
        return None
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        plain = b""
    digits = plain[1:]
    if not (plain[:1] == b"b" and digits.isdigit() and len(digits) < 20 and int(digits) <= ID_MAX):
        raise InvalidInput(fields={"cursor": "Use the cursor as it was given."})
    return int(digits)
