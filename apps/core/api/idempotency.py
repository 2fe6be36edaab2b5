"""The key a client puts on a call that moves money, so that a repeated call moves it once."""

import re

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.core.errors import InvalidInput

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{1,64}", re.ASCII)

PARAMETER = OpenApiParameter(
    name=HEADER,
    location=OpenApiParameter.HEADER,
    required=True,
    type={"type": "string", "minLength": 1, "maxLength": 64},
    description=(
        "Chosen by you, one for each thing you want done. The same key again returns the first "
        "answer and moves nothing; with other content it is refused."
    ),
)


class IdempotencyKeyRequired(InvalidInput):
    code = "idempotency_key_required"
    message = f"Send the header {HEADER}."


def idempotency_key(request: Request) -> str:
    """The key of a money call. Raises IdempotencyKeyRequired, InvalidInput."""
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise IdempotencyKeyRequired
    if not KEY.fullmatch(key):
        raise InvalidInput(
            f"{HEADER} takes up to 64 visible characters.",
            fields={HEADER: "Use up to 64 letters, digits and signs, without spaces."},
        )
    return key
