from apps.core.errors import Conflict, InvalidInput, NotFound


class InvalidChoice(InvalidInput):
    code = "invalid_choice"
    message = "The rules of this game do not have this choice."


class UnknownOriginal(NotFound):
    code = "game_not_found"
    message = "We do not have this game."


class OriginalClosed(Conflict):
    code = "game_closed"
    message = "This game takes no new bets at the moment."


class StakeOutOfRange(InvalidInput):
    code = "stake_out_of_range"
    message = "This stake is outside the limits of the game."


class RoundOpen(Conflict):
    code = "round_open"
    message = "Finish the round you have begun first."


class RoundOver(Conflict):
    code = "round_over"
    message = "This round is over."


class StepTaken(Conflict):
    code = "step_taken"
    message = "This step of the round was taken differently."


class UnknownBet(NotFound):
    code = "bet_not_found"
    message = "There is no such bet."


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    message = "This key was used for another bet."
