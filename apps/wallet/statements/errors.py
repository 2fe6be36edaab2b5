from apps.core.errors import DomainError, InvalidInput, NotFound, RateLimited


class InvalidPeriod(InvalidInput):
    code = "invalid_period"
    message = "Choose a month, a year, or a first and a last day."


class UnknownStatement(NotFound):
    message = "There is no such statement."


class TooManyStatements(RateLimited):
    code = "too_many_statements"
    message = "That is enough statements for today. The ones you have stay here."


class BooksDiffer(DomainError):
    """The journal does not add up for this player; an alarm tells why."""

    code = "statement_unavailable"
    status = 503
    message = "This statement cannot be made now. We have been told and look into it."


class NotReproduced(DomainError):
    """The journal no longer gives what was signed; an alarm is raised."""

    code = "statement_not_reproduced"
    status = 503
    message = "This statement cannot be shown now. We have been told and look into it."


class TooLarge(InvalidInput):
    code = "file_too_large"
    message = "This file is too large to be one of our statements."
