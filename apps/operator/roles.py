"""The roles, written out. What is not listed here is denied; no superuser is needed to operate."""

from typing import Final

SUPPORT: Final = "support"
FINANCE: Final = "finance"
ADMINISTRATOR: Final = "administrator"

_SUPPORT = {
    "operator.view_timeline",
    "operator.reveal_identity",
    "accounts.view_player",
    "payments.view_withdrawal",
    "payments.view_deposit",
    "payments.view_depositaddress",
    "games.view_game",
    "games.view_studio",
    "games.view_gamesession",
    "games.view_round",
    "integrations.view_inboxmessage",
    "audit.view_alarm",
}
_FINANCE = _SUPPORT | {
    "operator.view_dashboard",
    "payments.approve_withdrawal",
    "payments.reject_withdrawal",
    "operator.change_player_status",
    "operator.export_data",
    "payments.view_rail",
    "ledger.view_currency",
    "ledger.view_account",
    "ledger.view_wallet",
    "ledger.view_entry",
    "ledger.view_operation",
    "reports.view_revenuehour",
}
_ADMINISTRATOR = _FINANCE | {
    "operator.switch_games",
    "operator.replay_callbacks",
    "operator.retry_deliveries",
    "operator.resolve_alarms",
    "operator.manage_staff",
    "operator.view_staff",
    "accounts.view_apikey",
    "audit.view_record",
    "audit.view_seal",
    "events.view_delivery",
    "ledger.view_cursor",
    "ledger.view_position",
}

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    SUPPORT: frozenset(_SUPPORT),
    FINANCE: frozenset(_FINANCE),
    ADMINISTRATOR: frozenset(_ADMINISTRATOR),
}
