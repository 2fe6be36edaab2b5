"""How often things may be tried: by account, by address, and what happens while Redis is away.

away: `database` counts on there with the same numbers (entrances); without it each process counts
for itself, so bets and payments go on. reads: GET counts too.
"""

RATE_LIMITS: dict[str, dict[str, str]] = {
    # The back office: only failures count, and a success forgets the account's.
    "operator_login": {"account": "5/15minutes", "ip": "20/15minutes", "away": "database"},
    # Questions to passkeys at the back office's door.
    "operator_challenge": {"ip": "120/15minutes"},
    # One-time codes: only wrong ones count.
    "code": {"account": "5/15minutes", "ip": "30/15minutes", "away": "database"},
    # A copy of everything about a player takes work.
    "data_export": {"account": "5/day", "ip": "30/day"},
    # Codes that are sent: by who asks, by where they go to, by address.
    "code_sent": {"account": "5/15minutes; 20/day", "ip": "30/15minutes", "away": "database"},
    # Wrong passwords from a browser that the player has used; others are counted by allauth.
    "known_device": {"account": "20/15minutes", "away": "database"},
    "deposit": {"account": "20/minute; 200/day", "ip": "60/minute"},
    "withdraw": {"account": "10/minute; 100/day", "ip": "60/minute"},
    "exchange": {"account": "30/minute", "ip": "120/minute"},
    "bet": {"account": "600/minute", "ip": "3000/minute"},
    "launch": {"account": "30/minute", "ip": "300/minute"},
    "profile": {"account": "30/minute", "ip": "120/minute"},
    "search": {"account": "120/minute", "ip": "300/minute", "reads": "yes"},
    "export": {"account": "10/minute; 200/day", "ip": "60/minute", "reads": "yes"},
    # Tokens for the verification provider's frame.
    "verify": {"account": "10/minute; 60/day", "ip": "60/minute"},
    # What Sumsub allows the whole account: reads, writes, fresh lists, reads of cases.
    "sumsub_get": {"account": "300/5second"},
    "sumsub_post": {"account": "50/5second"},
    "sumsub_recheck": {"account": "100/minute"},
    "sumsub_case": {"account": "10/minute"},
    # The API as a whole, and its calls that move money.
    "api": {"account": "600/minute", "ip": "3000/minute"},
    "money": {"account": "60/minute", "ip": "600/minute"},
}
# Which of them counts a request, by the name of its address.
RATE_LIMITED_ROUTES = {
    "payments:deposit": "deposit",
    "payments:exact": "deposit",
    "payments:invoice": "deposit",
    "payments:cashier": "deposit",
    "api:deposits": "deposit",
    "api:invoices": "deposit",
    "kyc:frame_token": "verify",
    "payments:withdraw": "withdraw",
    "payments:cancel": "withdraw",
    "payments:addresses": "withdraw",
    "api:withdrawals": "withdraw",
    "api:payout_addresses": "withdraw",
    "wallet:quote": "exchange",
    "wallet:accept": "exchange",
    "wallet:vault_put": "exchange",
    "wallet:vault_take": "exchange",
    "api:exchange_quotes": "exchange",
    "api:exchange_accept": "exchange",
    "api:vault_put": "exchange",
    "api:vault_take": "exchange",
    "api:original_place": "bet",
    "api:original_actions": "bet",
    "api:original_next": "bet",
    "games:launch": "launch",
    "games:demo": "launch",
    "api:game_launch": "launch",
    "accounts:home": "profile",
    "kyc:details": "profile",
    "kyc:upload": "profile",
    "kyc:submit": "profile",
    "kyc:contest": "profile",
    "accounts:api_keys": "profile",
    "api:api_keys": "profile",
    "site:search": "search",
    "statements:csv": "export",
    "statements:pdf": "export",
    "api:statement_csv": "export",
    "api:statement_pdf": "export",
}
# The back office's exports, whichever list they are of.
RATE_LIMITED_SUFFIXES = {"_export": "export"}
# allauth counts by itself, in the cache (apps/core/cache.py keeps that alive without Redis).
ACCOUNT_RATE_LIMITS: dict[str, str] = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/900s/key",
    "signup": "20/m/ip,60/h/ip",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "request_login_code": "20/m/ip,3/m/key",
}
# A socket that says more, or more often, is closed.
SOCKET_MESSAGES_A_SECOND = 5
SOCKET_MESSAGE_BYTES_MAX = 4096
