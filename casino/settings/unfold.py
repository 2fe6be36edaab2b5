"""The look and the menu of the back office. Colours are the inks of static/css/tokens.css."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import lazy

INKS = {
    "50": "oklch(.955 .016 80)",
    "100": "oklch(.900 .017 78)",
    "200": "oklch(.815 .018 75)",
    "300": "oklch(.780 .018 73)",
    "400": "oklch(.685 .018 68)",
    "500": "oklch(.545 .016 55)",
    "600": "oklch(.400 .016 48)",
    "700": "oklch(.305 .014 46)",
    "800": "oklch(.252 .012 46)",
    "900": "oklch(.178 .008 50)",
    "950": "oklch(.150 .006 50)",
}
GOLD = {
    "50": "oklch(.970 .020 88)",
    "100": "oklch(.940 .045 88)",
    "200": "oklch(.900 .075 87)",
    "300": "oklch(.860 .100 86)",
    "400": "oklch(.820 .110 83)",
    "500": "oklch(.795 .115 80)",
    "600": "oklch(.740 .115 78)",
    "700": "oklch(.620 .100 76)",
    "800": "oklch(.500 .085 74)",
    "900": "oklch(.400 .070 72)",
    "950": "oklch(.280 .050 70)",
}


# The menu asks for the same addresses on every page, several times each.
_address = cache(reverse)
_link = lazy(_address, str)


def environment(request: HttpRequest) -> list[str]:
    name: str = settings.ENVIRONMENT_NAME
    return [name, "info" if name == "Production" else "warning"]


def _site_title(request: HttpRequest) -> str:
    return f"{settings.SITE_NAME} back office"


def _site_name(request: HttpRequest) -> str:
    return str(settings.SITE_NAME)


def _static(path: str) -> Callable[[HttpRequest], str]:
    return lambda request: static(path)


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _under(*names: str) -> Callable[[HttpRequest], bool]:
    """Lit on its own pages only; Unfold's guess lights several at once."""

    def active(request: HttpRequest) -> bool:
        return any(request.path.startswith(_address(name)) for name in names)

    return active


def _list(title: str, icon: str, model: str, permission: str, *pages: str) -> dict[str, Any]:
    name = f"admin:{model}_changelist"
    return {
        "title": title,
        "icon": icon,
        "link": _link(name),
        "active": _under(name, *pages),
        "permission": _may(permission),
    }


def _page(title: str, icon: str, name: str, permission: str) -> dict[str, Any]:
    """A page of the back office's own. Lists of models may lie below its address: not its pages."""
    below = _under(name)

    def active(request: HttpRequest) -> bool:
        match = request.resolver_match
        return below(request) and match is not None and str(match.url_name).startswith("operator_")

    return {
        "title": title,
        "icon": icon,
        "link": _link(name),
        "active": active,
        "permission": _may(permission),
    }


def _at_home(request: HttpRequest) -> bool:
    return request.path == _address("admin:index")


NAVIGATION: list[dict[str, Any]] = [
    {
        "items": [
            {
                "title": "Dashboard",
                "icon": "monitoring",
                "link": _link("admin:index"),
                "active": _at_home,
            },
            {
                "title": "Withdrawal queue",
                "icon": "fact_check",
                "link": _link("admin:operator_queue"),
                "active": _under("admin:operator_queue"),
                "permission": _may("payments.view_withdrawal"),
            },
            _page("Verification", "id_card", "admin:operator_kyc_queue", "kyc.view_case"),
            _page(
                "To be forgotten",
                "person_off",
                "admin:operator_erasures",
                "accounts.view_erasurerequest",
            ),
            _list("Alarms", "notifications", "audit_alarm", "audit.view_alarm"),
        ],
    },
    {
        "title": "Players and payments",
        "separator": True,
        "items": [
            _list("Players", "group", "accounts_player", "accounts.view_player"),
            _list("Deposits", "south_west", "payments_deposit", "payments.view_deposit"),
            _list("Withdrawals", "north_east", "payments_withdrawal", "payments.view_withdrawal"),
            _list(
                "Deposit addresses",
                "qr_code_2",
                "payments_depositaddress",
                "payments.view_depositaddress",
            ),
            _list("Rails", "route", "payments_rail", "payments.view_rail"),
            _list("Limits and fees", "speed", "payments_limitrule", "payments.view_limitrule"),
            _list(
                "Automatic approval",
                "rule",
                "payments_approvalrule",
                "payments.view_approvalrule",
            ),
            _list(
                "Saved addresses",
                "contacts",
                "payments_savedaddress",
                "payments.view_savedaddress",
            ),
            _list("Invoices", "request_quote", "payments_invoice", "payments.view_invoice"),
            _list(
                "Payout switch", "emergency_home", "payments_payoutstop", "payments.view_payoutstop"
            ),
            _list("Exchanges", "currency_exchange", "payments_exchange", "payments.view_exchange"),
            _list(
                "Gateway lists",
                "list_alt",
                "payments_gatewaycurrency",
                "payments.view_gatewaycurrency",
            ),
        ],
    },
    {
        "title": "Player protection",
        "separator": True,
        "items": [
            _page(
                "Harm cases",
                "volunteer_activism",
                "admin:operator_harm",
                "limits.view_harmcase",
            ),
            _page(
                "Jurisdiction profiles",
                "gavel",
                "admin:operator_profiles",
                "limits.view_profilechange",
            ),
        ],
    },
    {
        "title": "Risk and complaints",
        "separator": True,
        "items": [
            _page("Alerts", "radar", "admin:operator_risk_alerts", "risk.view_alert"),
            _page("Cases", "folder_managed", "admin:operator_risk_cases", "risk.view_case"),
            _page("Rules", "rule_settings", "admin:operator_risk_rules", "risk.view_ruleversion"),
            _page("Complaints", "forum", "admin:operator_complaints", "risk.view_complaint"),
            _page("Breaches", "gpp_maybe", "admin:operator_breaches", "risk.view_breach"),
            _page(
                "Reports of suspicion",
                "lock",
                "admin:operator_reports",
                "risk.view_suspiciousreport",
            ),
            _page("People who work here", "badge", "admin:operator_insiders", "risk.view_insider"),
        ],
    },
    {
        "title": "Treasury",
        "separator": True,
        "items": [
            _page("Payments", "insights", "admin:operator_board", "operator.view_payment_board"),
            _page("Held deposits", "pause", "admin:operator_held", "operator.view_payment_board"),
            _page("Treasury", "savings", "admin:operator_treasury", "treasury.view_housewallet"),
            _page("Proposals", "how_to_reg", "admin:operator_proposals", "audit.view_proposal"),
            _page(
                "Reconciliation",
                "difference",
                "admin:operator_reconciliation",
                "treasury.view_break",
            ),
            _list(
                "Proof of liabilities",
                "account_tree",
                "liabilities_snapshot",
                "liabilities.view_snapshot",
            ),
            _list("Rates", "show_chart", "rates_rate", "rates.view_rate"),
            _list(
                "Players' exchanges",
                "swap_horiz",
                "wallet_exchangequote",
                "wallet.view_exchangequote",
            ),
            _page("Receivables", "undo", "admin:operator_debts", "treasury.view_chargeback"),
            _list("Corrections", "tune", "treasury_adjustment", "treasury.view_adjustment"),
            _list(
                "Gateway statements",
                "list_alt",
                "treasury_gatewayrecord",
                "treasury.view_gatewayrecord",
            ),
        ],
    },
    {
        "title": "Games",
        "separator": True,
        "items": [
            _page("Partners", "lan", "admin:operator_partners", "games.view_cataloguestate"),
            _page("Stops and caps", "pan_tool", "admin:operator_stops", "games.view_stop"),
            _page(
                "Collections",
                "view_carousel",
                "admin:operator_collections",
                "games.view_collection",
            ),
            _page("Open rounds", "hourglass_top", "admin:operator_desk", "games.view_roundcase"),
            _page(
                "Return to player", "percent", "admin:operator_returns", "games.view_returntally"
            ),
            _list("Games", "casino", "games_game", "games.view_game"),
            _list("Studios", "brush", "games_studio", "games.view_studio"),
            _list("Sessions", "play_circle", "games_gamesession", "games.view_gamesession"),
            _list("Rounds", "autorenew", "games_round", "games.view_round"),
            _list("Originals", "diamond", "originals_original", "originals.view_original"),
            _list("Bets on originals", "casino", "originals_bet", "originals.view_bet"),
            _list("Seeds", "key", "originals_seedpair", "originals.view_seedpair"),
            _list(
                "Crash rounds", "rocket_launch", "originals_crashround", "originals.view_crashround"
            ),
            _list("Crash chains", "link", "originals_crashchain", "originals.view_crashchain"),
            _list("Autobet runs", "repeat", "originals_autorun", "originals.view_autorun"),
            _page("Jackpots", "trophy", "admin:operator_jackpots", "jackpots.view_jackpot"),
            _list("Jackpot wins", "celebration", "jackpots_win", "jackpots.view_win"),
        ],
    },
    {
        "title": "Ledger",
        "separator": True,
        "items": [
            _list("Entries", "receipt_long", "ledger_entry", "ledger.view_entry"),
            _list("Wallets", "account_balance_wallet", "ledger_wallet", "ledger.view_wallet"),
            {
                "title": "Operations",
                "icon": "key",
                "link": _link("admin:operator_operations"),
                "active": _under("admin:operator_operations"),
                "permission": _may("ledger.view_operation"),
            },
            _list("House positions", "balance", "ledger_position", "ledger.view_position"),
            _list("Accounts", "account_tree", "ledger_account", "ledger.view_account"),
            _list("Currencies", "paid", "ledger_currency", "ledger.view_currency"),
            _list(
                "Revenue by hour",
                "bar_chart",
                "reports_revenuehour",
                "reports.view_revenuehour",
            ),
        ],
    },
    {
        "title": "System",
        "separator": True,
        "items": [
            _list("Mails", "mail", "messaging_mail", "messaging.view_mail"),
            _list(
                "No mail to",
                "unsubscribe",
                "messaging_suppression",
                "messaging.view_suppression",
            ),
            _list(
                "Callbacks",
                "move_to_inbox",
                "integrations_inboxmessage",
                "integrations.view_inboxmessage",
            ),
            _list("Event deliveries", "outbox", "events_delivery", "events.view_delivery"),
            _list("Followers", "sync_alt", "ledger_cursor", "ledger.view_cursor"),
            _page("Assurance", "verified_user", "admin:operator_assurance", "audit.view_seal"),
            _page(
                "Significant events",
                "report",
                "admin:operator_significant",
                "operator.view_significant",
            ),
            _page(
                "Accounts and rights",
                "admin_panel_settings",
                "admin:operator_access_report",
                "operator.view_access_report",
            ),
            _list("Audit trail", "history", "audit_record", "audit.view_record"),
            _list("Seals", "verified", "audit_seal", "audit.view_seal"),
            _list("API keys", "vpn_key", "accounts_apikey", "accounts.view_apikey"),
            _list("Staff", "badge", "operator_staff", "operator.view_staff"),
            {
                "title": "Emergency access",
                "icon": "emergency",
                "link": _link("admin:operator_emergency"),
                "active": _under("admin:operator_emergency"),
            },
            {
                "title": "Your passkeys",
                "icon": "passkey",
                "link": _link("admin:operator_passkeys"),
                "active": _under("admin:operator_passkeys"),
            },
        ],
    },
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The part of the menu this person may open: what nobody sees is not prepared either."""
    groups = []
    for group in NAVIGATION:
        items = [one for one in group["items"] if one.get("permission", _anybody)(request)]
        if items:
            groups.append({**group, "items": items})
    return groups


def _anybody(request: HttpRequest) -> bool:
    return True


UNFOLD = {
    "SITE_TITLE": _site_title,
    "SITE_HEADER": _site_name,
    "SITE_SUBHEADER": "Back office",
    "SITE_URL": "/",
    "SITE_ICON": _static("img/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _static("img/mark.svg")},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "THEME": "dark",
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": INKS, "primary": GOLD},
    "ENVIRONMENT": environment,
    "STYLES": [_static("operator/ops.css")],
    "SCRIPTS": [_static("operator/ops.js")],
    "COMMAND": {
        "search_models": ["accounts.Player", "payments.Withdrawal", "payments.Deposit"],
    },
    "SIDEBAR": {
        "show_search": False,
        "command_search": True,
        "show_all_applications": False,
        "navigation": navigation,
    },
}
