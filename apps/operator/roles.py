"""The roles, written out. What is not listed here is denied; no superuser is needed to operate.

No role both makes and approves: for every act that takes two people (apps/audit/proposals.py) the
permission to propose it and the permission to approve it are in different roles. A test holds it.
"""

from typing import Final

SUPPORT: Final = "support"
PAYMENTS: Final = "payments"
FINANCE: Final = "finance"
KYC: Final = "kyc"
RG: Final = "rg"
COMPLIANCE: Final = "compliance"
MARKETING: Final = "marketing"
GAME_MANAGER: Final = "game_manager"
AUDITOR: Final = "auditor"
ADMINISTRATOR: Final = "administrator"

# What players set for themselves and how their play looks: for whoever talks to them.
_PLAY_SAFETY = {
    "limits.view_limit",
    "limits.view_exclusion",
    "limits.view_realitycheck",
    "limits.view_harmcase",
    "limits.log_interaction",
}
# What law keeps from everybody but compliance, the auditor included (no tipping-off).
CONFIDENTIAL: Final[frozenset[str]] = frozenset(
    {"risk.view_suspiciousreport", "risk.write_suspiciousreport"}
)

_PLAYERS = {
    "operator.view_timeline",
    "accounts.view_player",
    "payments.view_withdrawal",
    "payments.view_deposit",
    "audit.view_alarm",
}
_SUPPORT = (
    _PLAYERS
    | _PLAY_SAFETY
    | {
        "risk.view_complaint",
        "risk.answer_complaint",
        "operator.reveal_identity",
        "operator.ask_emergency",
        "payments.view_depositaddress",
        "wallet.view_exchangequote",
        "wallet.view_vaultrelease",
        "payments.view_invoice",
        "games.view_game",
        "games.view_studio",
        "games.view_gamesession",
        "games.view_round",
        "originals.view_original",
        "originals.view_bet",
        "originals.view_seedpair",
        "originals.view_crashchain",
        "originals.view_crashround",
        "originals.view_autorun",
        "jackpots.view_jackpot",
        "jackpots.view_win",
        "integrations.view_inboxmessage",
        "messaging.view_mail",
        "messaging.view_suppression",
        "messaging.lift_suppression",
    }
)
_MONEY = {
    "operator.view_dashboard",
    "operator.view_payment_board",
    "operator.export_data",
    "payments.view_savedaddress",
    "payments.reveal_walletowner",
    "payments.view_limitrule",
    "payments.view_approvalrule",
    "payments.view_rail",
    "payments.view_payoutstop",
    "payments.begin_payoutstop",
    "payments.view_exchange",
    "payments.view_gatewaycurrency",
    "payments.view_gatewaytransaction",
    "payments.trace_invoice",
    "rates.view_rate",
    "ledger.view_currency",
    "ledger.view_account",
    "ledger.view_wallet",
    "ledger.view_entry",
    "ledger.view_operation",
    "reports.view_revenuehour",
    "audit.view_proposal",
    "treasury.view_housewallet",
    "treasury.view_reading",
    "treasury.view_transfer",
    "treasury.view_threshold",
    "treasury.view_adjustment",
    "treasury.view_break",
    "treasury.assign_break",
    "treasury.resolve_break",
    "treasury.reconcile_break",
    "treasury.view_run",
    "treasury.view_gatewayrecord",
    "treasury.view_chargeback",
    "liabilities.view_snapshot",
}
# The payments desk makes: it works the queues and proposes what finance then decides.
_PAYMENTS = (
    _SUPPORT
    | _MONEY
    | {
        "payments.resolve_withdrawal",
        "payments.release_deposit",
        "payments.refund_deposit",
        "treasury.propose_housewallet",
        "treasury.propose_transfer",
        "treasury.propose_adjustment",
        "treasury.propose_threshold",
    }
)
_FINANCE_APPROVES = {
    "payments.approve_withdrawal",
    "payments.reject_withdrawal",
    "treasury.approve_housewallet",
    "treasury.approve_transfer",
    "treasury.approve_adjustment",
    "operator.approve_emergency",
}
_FINANCE_PROPOSES = {
    "jackpots.propose_jackpot",
    "jackpots.propose_win",
}
_FINANCE = (
    (_SUPPORT - {"operator.ask_emergency"})
    | _MONEY
    | _FINANCE_APPROVES
    | _FINANCE_PROPOSES
    | {
        "operator.change_player_rank",
        "operator.change_player_kyc",
        "operator.unfreeze_payouts",
        "operator.change_player_status",
        "rates.override_rate",
        "payments.order_exchange",
        "jackpots.pause_jackpot",
        "jackpots.release_win",
    }
)
# Reading what monitoring found, and what players complain about.
_RISK_READS = {
    "risk.view_alert",
    "risk.view_case",
    "risk.view_standing",
    "risk.view_trace",
    "risk.view_complaint",
}
# The desk of verification: papers, accounts that look alike, hits of watch lists.
_VERIFICATION = {
    "kyc.view_case",
    "kyc.review_case",
    "kyc.reveal_document",
    "kyc.reveal_person",
    "kyc.view_personmatch",
    "kyc.decide_match",
    "kyc.view_hit",
    "kyc.decide_hit",
}
_KYC = (
    _PLAYERS
    | _RISK_READS
    | _VERIFICATION
    | {
        "risk.decide_alert",
        "risk.work_case",
        "risk.propose_case",
        "operator.reveal_identity",
        "operator.ask_emergency",
        "operator.change_player_kyc",
        "audit.view_proposal",
    }
)
_RG = (
    _PLAYERS
    | _PLAY_SAFETY
    | {
        "risk.view_complaint",
        "risk.answer_complaint",
        "limits.close_harmcase",
        "limits.set_operator_limit",
        "limits.view_profilechange",
        "operator.reveal_identity",
        "operator.ask_emergency",
        "operator.change_player_status",
        "audit.view_proposal",
    }
)
_COMPLIANCE = (
    (_KYC | _RG | _MONEY)
    - {"operator.ask_emergency", "treasury.resolve_break", "treasury.reconcile_break"}
    - {"risk.propose_case"}
) | {
    "accounts.view_erasurerequest",
    "accounts.decide_erasure",
    "risk.view_ruleversion",
    "risk.change_ruleversion",
    "risk.decide_case",
    "risk.export_case",
    "risk.set_standing",
    "risk.view_suspiciousreport",
    "risk.write_suspiciousreport",
    "risk.view_breach",
    "risk.register_breach",
    "risk.view_insider",
    "risk.register_insider",
    "limits.propose_profile",
    "operator.unfreeze_payouts",
    "operator.approve_staff",
    "operator.approve_emergency",
    "operator.view_staff",
    "operator.view_access_report",
    "operator.view_significant",
    "operator.run_verifier",
    "audit.view_record",
}
# Mail and shelves; nothing of one player.
_MARKETING = {
    "operator.ask_emergency",
    "operator.manage_collections",
    "games.view_game",
    "games.view_studio",
    "games.view_collection",
    "jackpots.view_jackpot",
    "messaging.view_suppression",
}
# Games, and nothing of players: no names, no addresses, no payments.
_GAME_MANAGER = {
    "games.view_game",
    "games.view_studio",
    "games.view_gamesession",
    "games.view_round",
    "games.view_cataloguestate",
    "games.view_stop",
    "games.view_collection",
    "games.view_roundcase",
    "games.view_returntally",
    "originals.view_original",
    "originals.view_bet",
    "audit.view_alarm",
    "operator.ask_emergency",
    "operator.switch_games",
    "operator.manage_partners",
    "operator.manage_collections",
    "operator.resolve_rounds",
    "operator.set_win_caps",
    "jackpots.view_jackpot",
    "jackpots.view_win",
    "jackpots.propose_jackpot",
    "jackpots.pause_jackpot",
}
_ADMINISTRATOR = (
    (_FINANCE - _FINANCE_PROPOSES)
    | (_GAME_MANAGER - {"jackpots.propose_jackpot", "operator.ask_emergency"})
    | {
        "limits.view_profilechange",
        "limits.approve_profile",
        "payments.change_limitrule",
        "liabilities.publish_snapshot",
        "payments.change_approvalrule",
        "payments.end_payoutstop",
        "originals.change_original",
        "operator.replay_callbacks",
        "operator.retry_deliveries",
        "operator.resolve_alarms",
        "operator.view_access_report",
        "operator.view_significant",
        "operator.run_verifier",
        "messaging.reveal_mail",
        "messaging.resend_mail",
        "operator.manage_staff",
        "operator.view_staff",
        "accounts.view_apikey",
        "audit.view_record",
        "audit.view_seal",
        "events.view_delivery",
        "ledger.view_cursor",
        "ledger.view_position",
        "treasury.approve_threshold",
        "jackpots.approve_jackpot",
        "jackpots.approve_win",
    }
)


def _is_read(permission: str) -> bool:
    return permission.partition(".")[2].startswith("view_")


# Everything there is to read, and nothing to do but export it and have it verified.
_AUDITOR = {
    permission
    for role in (
        _PAYMENTS,
        _FINANCE,
        _KYC,
        _RG,
        _COMPLIANCE,
        _MARKETING,
        _GAME_MANAGER,
        _ADMINISTRATOR,
    )
    for permission in role
    if _is_read(permission) and permission not in CONFIDENTIAL
} | {"operator.export_data", "operator.run_verifier"}

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    SUPPORT: frozenset(_SUPPORT),
    PAYMENTS: frozenset(_PAYMENTS),
    FINANCE: frozenset(_FINANCE),
    KYC: frozenset(_KYC),
    RG: frozenset(_RG),
    COMPLIANCE: frozenset(_COMPLIANCE),
    MARKETING: frozenset(_MARKETING),
    GAME_MANAGER: frozenset(_GAME_MANAGER),
    AUDITOR: frozenset(_AUDITOR),
    ADMINISTRATOR: frozenset(_ADMINISTRATOR),
}

# What somebody gets for hours in an emergency (apps/operator/emergency.py): to stop and to look,
# never to let money leave, to approve, or to look after staff.
EMERGENCY: Final = "emergency"
EMERGENCY_PERMISSIONS: Final[frozenset[str]] = frozenset(
    {permission for permission in _AUDITOR if permission != "operator.export_data"}
    | {
        "payments.begin_payoutstop",
        "operator.switch_games",
        "operator.change_player_status",
        "operator.replay_callbacks",
        "operator.retry_deliveries",
        "operator.resolve_alarms",
    }
)
