from apps.core.errors import Conflict, InvalidInput, NotFound


class UnknownJackpot(NotFound):
    message = "There is no such jackpot."


class RulesRefused(InvalidInput):
    code = "jackpot_rules"
    message = "These rules do not hold together. Check the marked fields."


class NotOpenForThat(Conflict):
    code = "jackpot_state"
    message = "The jackpot is not in a state for this."


class WinNotHeld(Conflict):
    code = "win_not_held"
    message = "This win does not wait for a decision."


class RebuildDiffers(Conflict):
    code = "rebuild_differs"
    message = "The journal tells another winner than the one on record. Nothing was changed."
