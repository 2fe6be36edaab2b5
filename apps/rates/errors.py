from apps.core.errors import DomainError, InvalidInput


class RateUnavailable(DomainError):
    """No rate may settle now: it is missing, too old, or its sources contradict each other."""

    code = "rate_unavailable"
    status = 409
    message = "There is no reliable rate right now. Try again in a minute."


class OverrideRefused(InvalidInput):
    code = "override_refused"
    message = "This rate cannot be set by hand."
