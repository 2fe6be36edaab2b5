from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound


class GameNotFound(NotFound):
    code = "game_not_found"
    message = "We do not have this game."


class GameUnavailable(Conflict):
    code = "game_unavailable"
    message = "This game is closed at the moment."


class GameRestricted(Forbidden):
    code = "game_restricted"
    message = "This game is not offered in your country."


class NoDemo(Conflict):
    code = "no_demo"
    message = "This game cannot be tried for free."


class PlayerStopped(Forbidden):
    """Something stops this player's play (apps/wallet/restrictions.py); the message says it."""

    code = "player_stopped"
    message = "You may not play at the moment."


class CurrencyNotPlayable(InvalidInput):
    code = "currency_not_playable"
    message = "This game cannot be played in this currency."


class ProviderDown(DomainError):
    code = "provider_down"
    status = 503
    message = "The studio does not answer. Try again in a moment."


class UnknownPlayer(NotFound):
    """A partner named a player or a wallet we never handed out."""

    code = "unknown_player"
    message = "There is no such player."


class WrongCurrency(InvalidInput):
    """A partner named another currency than the wallet's."""

    code = "wrong_currency"
    message = "This wallet holds another currency."


class UnknownIssue(NotFound):
    code = "unknown_issue"
    message = "There is no such issue of free spins."


class CollectionNotFound(NotFound):
    code = "collection_not_found"
    message = "There is no such collection."


class PlayStopped(Conflict):
    """Staff have stopped play in everything, at a partner, in a studio or in a version."""

    code = "play_stopped"
    message = "This game is closed for the moment. Your money is safe, and open rounds finish."


class StudioSilent(ProviderDown):
    """The partner does not answer and is not asked for a while."""

    code = "studio_silent"
    message = "This studio is not answering. Try another game, or this one in a minute."


class RoundCaseNotFound(NotFound):
    code = "round_case_not_found"
    message = "There is no such round on the desk."


class NotAllowedNow(Conflict):
    code = "not_allowed_now"
    message = "This cannot be done at the moment."
