"""The ways the treasury says no."""

from apps.core.errors import Conflict, InvalidInput


class NothingToDo(InvalidInput):
    code = "nothing_to_do"
    message = "This would change nothing."


class NotEnoughHeld(InvalidInput):
    code = "not_enough_held"
    message = "That wallet does not hold so much."


class WrongCurrency(InvalidInput):
    code = "wrong_currency"
    message = "Both wallets hold the same currency."


class BreakClosed(Conflict):
    code = "break_closed"
    message = "This break is closed already."


class NeedsTwoPeople(Conflict):
    code = "needs_two_people"
    message = "This amount takes two people: propose it instead."


class RunUnderWay(Conflict):
    code = "run_under_way"
    message = "This gateway is being compared right now. Look again in a minute."


class ReadingOutdated(Conflict):
    code = "reading_outdated"
    message = "The figures have changed since this was proposed. Propose it again."
