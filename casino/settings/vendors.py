"""One block per partner. A partner without a base URL is off."""

from casino import env

# ---- SOFTSWISS: games, seamless wallet -----------------------------------------------------------
SOFTSWISS_BASE_URL = env.text("SOFTSWISS_BASE_URL", "")
SOFTSWISS_CASINO_ID = env.text("SOFTSWISS_CASINO_ID", "")
SOFTSWISS_AUTH_TOKEN = env.text("SOFTSWISS_AUTH_TOKEN", "")
SOFTSWISS_AUTH_TOKEN_PREVIOUS = env.text("SOFTSWISS_AUTH_TOKEN_PREVIOUS", "")
# Which generation of the protocol launches games; callbacks of both are always understood.
SOFTSWISS_GENERATION = env.text("SOFTSWISS_GENERATION", "v1")
# Where the catalogue's YAML files lie (`<url>/l/<provider>.yaml`), and whether they are used (`yaml`)
# or the shorter `Game/List` of v2 (`list`).
SOFTSWISS_CATALOGUE_BASE_URL = env.text("SOFTSWISS_CATALOGUE_BASE_URL", "")
SOFTSWISS_CATALOGUE_SOURCE = env.text("SOFTSWISS_CATALOGUE_SOURCE", "yaml")
SOFTSWISS_SIGN_HEADER = env.text("SOFTSWISS_SIGN_HEADER", "X-REQUEST-SIGN")
SOFTSWISS_SIGN_PREFIX = env.text("SOFTSWISS_SIGN_PREFIX", "")
# Addresses that may call back; empty means any that signs.
SOFTSWISS_IP_ALLOWLIST = env.items("SOFTSWISS_IP_ALLOWLIST")
SOFTSWISS_LOCALE = env.text("SOFTSWISS_LOCALE", "en")
SOFTSWISS_JURISDICTION = env.text("SOFTSWISS_JURISDICTION", "")
SOFTSWISS_TIMEOUT_SECONDS = env.integer("SOFTSWISS_TIMEOUT_SECONDS", 10)
# Our code -> the vendor's, per generation, where they differ.
SOFTSWISS_CURRENCIES = {"v1": {"DOGE": "DOG"}, "v2": {}}
# Decimals of the vendor's smallest unit, by the vendor's code. v1 counts in it, v2 writes no more.
SOFTSWISS_DECIMALS = {
    "v1": {"BTC": 8, "LTC": 8, "DOG": 8, "BCH": 8, "ETH": 9, "USDT": 6, "USDC": 6, "JPY": 0},
    "v2": {},
}
SOFTSWISS_DECIMALS_DEFAULT = {"v1": 2, "v2": 12}
# HTTP status by the vendor's error number; others get the default.
SOFTSWISS_STATUSES = {
    "v1": {400: 400, 403: 403, 404: 404, 500: 500, 503: 503},
    "v2": {403: 403, 404: 404, 409: 409, 500: 500, 503: 503},
}
SOFTSWISS_STATUS_DEFAULT = {"v1": 412, "v2": 400}
# What the answer to an id we have seen says: the `current` balance or the `stored` one.
SOFTSWISS_DUPLICATE_BALANCE = env.text("SOFTSWISS_DUPLICATE_BALANCE", "current")
# The error number for an id that comes again with other content.
SOFTSWISS_MISMATCH_CODE = {"v1": 400, "v2": 409}
# A live table may switch to another game within a session.
SOFTSWISS_ACCEPT_GAME_SWITCH = env.boolean("SOFTSWISS_ACCEPT_GAME_SWITCH", default=True)
SOFTSWISS_FREE_SPINS_TERMINAL = ["played", "finished"]
SOFTSWISS_SEND_PROCESSED_AT = True
# Copies of game callbacks are written together this often; 0 writes each at once.
CALLBACK_COPY_SECONDS = 0.2

# ---- CoinsPaid: crypto deposits and withdrawals ---------------------------------------------------
COINSPAID_BASE_URL = env.text("COINSPAID_BASE_URL", "")
COINSPAID_KEY = env.text("COINSPAID_KEY", "")
COINSPAID_SECRET = env.text("COINSPAID_SECRET", "")
# Accepted beside the new one while a secret is being changed.
COINSPAID_SECRET_PREVIOUS = env.text("COINSPAID_SECRET_PREVIOUS", "")
# What a player gets of a deposit: `gross` is what arrived, `net` is less the gateway's fee.
COINSPAID_CREDIT = env.choice("COINSPAID_CREDIT", ("gross", "net"), "gross")
# Addresses of test networks are taken too: for the sandbox and the simulators.
PAYMENTS_TESTNET = env.boolean("PAYMENTS_TESTNET", default=False)

# ---- the vendors' simulators: only in development, demo and tests ----------------------------------
# How many of the vendor's minutes pass in one of ours (retries, block times).
SIMULATORS_SPEED = env.integer("SIMULATORS_SPEED", 60)
# Where browsers reach the simulators when that differs from where the casino does.
SIMULATORS_PUBLIC_URL = env.text("SIMULATORS_PUBLIC_URL", "")
