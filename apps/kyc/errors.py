"""The ways verification says no."""

from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput


class WrongState(Conflict):
    code = "kyc_wrong_state"
    message = "This step is not open now. Load the page again."


class UnsafeFile(InvalidInput):
    """What was sent is no picture and no PDF, whatever its name says."""

    code = "unsafe_file"
    message = "Send a JPEG, PNG or WebP picture, or a PDF."


class FileTooLarge(InvalidInput):
    code = "file_too_large"
    message = "The file is too large."


class TooManyFiles(InvalidInput):
    code = "too_many_files"
    message = "That is enough files for this step."


class ScannerAway(DomainError):
    """Without a scan nothing is taken: what came in unseen cannot be taken back."""

    code = "scanner_away"
    status = 503
    message = "Files cannot be checked at the moment. Try again in a few minutes."


class ProviderAway(DomainError):
    code = "provider_away"
    status = 503
    message = "The verification provider does not answer. Try again in a minute."


class SameReviewer(Conflict):
    code = "same_reviewer"
    message = "You have said your word on this case. Somebody else has to look."


class NotPermitted(Forbidden):
    code = "not_permitted"
    message = "Your role does not include this."


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = "Somebody has decided on this already."


class StepsMissing(InvalidInput):
    code = "steps_missing"
    message = "Something is still missing."


class PersonKnown(Forbidden):
    """Same answer whatever matched: whose account there is, is not told."""

    code = "registration_refused"
    message = "We cannot open this account. Write to support if you think that is wrong."
