"""The ways the casino says no. Codes are stable, messages are for people."""

from collections.abc import Mapping


class DomainError(Exception):
    """A rule refused. Every door shows `code`, `message` and `fields`; nothing was changed."""

    code = "refused"
    status = 400
    message = "This cannot be done."

    def __init__(self, message: str | None = None, *, fields: Mapping[str, str] | None = None):
        self.message = message or type(self).message
        self.fields = dict(fields or {})
        super().__init__(self.message)


class InvalidInput(DomainError):
    code = "invalid_input"
    message = "Check the marked fields."


class InvalidAmount(InvalidInput):
    code = "invalid_amount"
    message = "Enter an amount like 0.01, with digits only."


class Forbidden(DomainError):
    code = "forbidden"
    status = 403
    message = "You may not do this."


class NotFound(DomainError):
    """Also the answer for what belongs to somebody else: whether it exists is not told."""

    code = "not_found"
    status = 404
    message = "There is no such thing."


class Conflict(DomainError):
    code = "conflict"
    status = 409
    message = "This clashes with something that happened before."


class RateLimited(DomainError):
    """retry_after: seconds after which it is worth trying again."""

    code = "rate_limited"
    status = 429
    message = "Too many tries. Wait a moment."

    def __init__(self, message: str | None = None, *, retry_after: int = 1):
        super().__init__(message)
        self.retry_after = retry_after
