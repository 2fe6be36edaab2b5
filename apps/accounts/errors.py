from apps.core.errors import DomainError, Forbidden, InvalidInput


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


class WrongPassword(Forbidden):
    code = "wrong_password"
    message = "This is not your password."
