"""JSON bodies of a sane size and depth."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError

BODY_BYTES_MAX = 64 * 1024


class JSONParser(parsers.JSONParser):
    """The framework's parser, with a limit on the bytes it reads and an answer to deep nesting."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return super().parse(_Limited(stream), media_type, parser_context)  # type: ignore[arg-type]  # read is all it needs
        except RecursionError as error:
            raise ParseError("This JSON is nested too deeply.") from error


class _Limited:
    """Reads from a stream and refuses one that has more than a call ever needs."""

    def __init__(self, stream: IO[Any]):
        self.stream = stream

    def read(self, size: int = -1) -> bytes:
        data: bytes = self.stream.read(BODY_BYTES_MAX + 1)
        if len(data) > BODY_BYTES_MAX:
            raise ParseError("This body is too large.")
        return data
