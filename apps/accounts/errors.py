from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput


class TooYoung(InvalidInput):
    code = "too_young"
    message = "You must be of legal age to play."


class CountryBlocked(DomainError):
    code = "country_blocked"
    status = 403
    message = "We cannot offer our games in your country."


class TermsNotAccepted(InvalidInput):
    code = "terms_not_accepted"
    message = "Accept the terms to continue."


class NameTaken(InvalidInput):
    code = "name_taken"
    message = "This display name is taken."


class EmailTaken(InvalidInput):
    code = "email_taken"
    message = "This e-mail address cannot be used."


class PlayerNotActive(Forbidden):
    code = "player_not_active"
    message = "Your account is not active. Write to support."


class StepUpRequired(Forbidden):
    code = "step_up_required"
    message = "Enter your password once more: this needs a fresh sign-in."


class SecondFactorRequired(StepUpRequired):
    """The same, for somebody whose account has a second factor."""

    message = (
        "Enter a code of your authenticator app, or use your passkey: this needs a fresh proof."
    )


class WrongPassword(Forbidden):
    code = "wrong_password"
    message = "This is not your password."


class IllegalTransition(Conflict):
    code = "illegal_transition"
    message = "The account cannot go from this status to that one."


class WrongCode(Forbidden):
    code = "wrong_code"
    message = "This code is not right, or it was used before."


class CodeExpired(Forbidden):
    code = "code_expired"
    message = "This code is no longer valid. Ask for a new one."


class PhoneTaken(Conflict):
    code = "phone_taken"
    message = "This number cannot be used."


class AccountTaken(Conflict):
    """A person has one account."""

    code = "account_exists"
    message = "You already have an account here."


class ErasureNotPossible(Conflict):
    code = "erasure_not_possible"
    message = "This account cannot be forgotten now."
