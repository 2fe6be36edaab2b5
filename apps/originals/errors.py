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


class BettingClosed(Conflict):
    code = "betting_closed"
    message = "This round takes no more bets. The next one begins in a moment."


class RoundFull(Conflict):
    code = "round_full"
    message = "This round takes no more stakes. Bet less, or wait for the next one."


class NotFlying(Conflict):
    code = "round_not_started"
    message = "The round has not begun."


class UnknownRun(NotFound):
    code = "run_not_found"
    message = "There is no such run of bets."


class RunOpen(Conflict):
    code = "run_open"
    message = "You have a run of bets on this game already. Stop it first."


class RunEnded(Conflict):
    code = "run_ended"
    message = "This run of bets is over."


class StepTaken(Conflict):
    code = "step_taken"
    message = "This step of the round was taken differently."


class UnknownBet(NotFound):
    code = "bet_not_found"
    message = "There is no such bet."


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    message = "This key was used for another bet."
