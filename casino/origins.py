"""Which pages may open a socket."""

from urllib.parse import ParseResult

from channels.security.websocket import OriginValidator


class BrowsersOnly(OriginValidator):  # type: ignore[misc]  # Channels has no types
    """Whoever names no origin is refused, also where every origin is allowed: browsers name theirs."""

    def valid_origin(self, parsed_origin: ParseResult | None) -> bool:
        return parsed_origin is not None and bool(super().valid_origin(parsed_origin))
