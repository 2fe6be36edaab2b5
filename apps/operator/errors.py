from apps.core.errors import Conflict, Forbidden, InvalidInput


class CodeRefused(InvalidInput):
    code = "code_refused"
    message = "The one-time code is wrong or was used already. Wait for the next one."


class NoSecondFactor(Forbidden):
    code = "no_second_factor"
    message = "This account has no second factor yet. An administrator sets it up under Staff."


class StaffExists(Conflict):
    code = "staff_exists"
    message = "Somebody signs in with this e-mail address already."


class LastAdministrator(Conflict):
    code = "last_administrator"
    message = "This is the last active administrator. Make another one first."


class NotYourself(Forbidden):
    code = "not_yourself"
    message = "Ask another administrator to change your own account."


class RoleGiven(Conflict):
    code = "role_given"
    message = "They have this role already."


class PasskeyRefused(InvalidInput):
    code = "passkey_refused"
    message = "This passkey was not accepted. Try again."


class EmergencyOpen(Conflict):
    code = "emergency_open"
    message = "They have emergency access already."
