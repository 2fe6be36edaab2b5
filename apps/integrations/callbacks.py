"""What a partner's callback looks like to its handler, whichever server received it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

BODY_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """`path` is the part below `/callbacks/<partner>/`; header names are in lower case.

    `query` is what stands behind the question mark, as it was sent.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    remote_addr: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class CallbackResponse:
    status: int
    body: bytes = b""
    content_type: str = "application/json"


Handler = Callable[[CallbackRequest], CallbackResponse]
