"""One block per partner. A partner without a base URL is off."""

from decimal import Decimal

from casino import env
from casino.settings.shared import verification_origin

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
# Whether its feed of jackpots (a call of v2) is agreed on.
SOFTSWISS_JACKPOT_FEED = env.boolean("SOFTSWISS_JACKPOT_FEED", default=False)
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

# ---- Alea: live casino and table games, seamless wallet -------------------------------------------
# Its customer API (`<url>/api/graphql`); games open at the play host, the same one unless named.
ALEA_BASE_URL = env.text("ALEA_BASE_URL", "")
ALEA_PLAY_URL = env.text("ALEA_PLAY_URL", "")
# The tenant's number, what every digest ends with (and the one before), the environment's token.
ALEA_OPERATOR_ID = env.text("ALEA_OPERATOR_ID", "")
ALEA_SECRET = env.text("ALEA_SECRET", "")
ALEA_SECRET_PREVIOUS = env.text("ALEA_SECRET_PREVIOUS", "")
ALEA_API_TOKEN = env.text("ALEA_API_TOKEN", "")
# v2 launches by an address alone, v1 by a call; the generation is bound to the token.
ALEA_GENERATION = env.choice("ALEA_GENERATION", ("v1", "v2"), "v2")
# The casino environment named in launches, and others by (software id, our currency).
ALEA_ENVIRONMENT_ID = env.text("ALEA_ENVIRONMENT_ID", "")
ALEA_ENVIRONMENTS: dict[tuple[str, str], str] = {}
# Addresses that may call back; empty means any that knows the secret.
ALEA_IP_ALLOWLIST = env.items("ALEA_IP_ALLOWLIST")
# The catalogue's query (`gamesReady`, on test environments `gamesAvailable`) and its argument.
ALEA_GAMES_QUERY = env.choice("ALEA_GAMES_QUERY", ("gamesReady", "gamesAvailable"), "gamesReady")
ALEA_MARKET_ARGUMENT = env.choice(
    "ALEA_MARKET_ARGUMENT", ("jurisdictionCode", "marketCode"), "jurisdictionCode"
)
ALEA_MARKET = env.text("ALEA_MARKET", "CAO")
ALEA_PAGE_SIZE = env.integer("ALEA_PAGE_SIZE", 200, at_least=1)
# Milliseconds between two pages of the catalogue: the vendor is suspected of counting calls.
ALEA_PAGE_PAUSE_MS = env.integer("ALEA_PAGE_PAUSE_MS", 250, at_least=0)
ALEA_FREE_SPINS_PATH = env.text("ALEA_FREE_SPINS_PATH", "api/v1/freespins")
# What stands before the hex of a free spins' digest; one casino sends it bare.
ALEA_FREE_SPINS_DIGEST_PREFIX = env.text("ALEA_FREE_SPINS_DIGEST_PREFIX", "")
ALEA_LOCALE = env.text("ALEA_LOCALE", "en")
ALEA_TIMEOUT_SECONDS = env.integer("ALEA_TIMEOUT_SECONDS", 10)
# Which bytes of a transaction may be digested: as sent (`raw`), or also without the white space
# outside its strings (`compact`), or also without any (`all`).
ALEA_DIGEST_BODY = env.choice("ALEA_DIGEST_BODY", ("raw", "compact", "all"), "compact")
# Our code -> the vendor's where they differ; which of ours it takes (empty: all); digits shown.
ALEA_CURRENCIES: dict[str, str] = {}
ALEA_CURRENCIES_PLAYED = env.items("ALEA_CURRENCIES_PLAYED")
ALEA_DECIMALS: dict[str, int] = {}
# HTTP status by the vendor's code: casinos disagree on the number more than on the code.
ALEA_STATUSES = {
    "v2": {
        "INSUFFICIENT_FUNDS": 403,
        "SESSION_EXPIRED": 403,
        "GAME_NOT_ALLOWED": 403,
        "BET_DENIED": 403,
        "BET_MAX": 403,
        "PLAYER_BLOCKED": 403,
        "INVALID_REQUEST": 500,
        "GENERAL_ERROR": 503,
        "INTERNAL_ERROR": 503,
        "UNKNOWN_ERROR": 400,
        "DUPLICATE_TRANSACTION_DATA_MISMATCH": 400,
    },
    "v1": {
        "INSUFFICIENT_FUNDS": 403,
        "SESSION_EXPIRED": 403,
        "GAME_NOT_ALLOWED": 403,
        "BET_DENIED": 403,
        "BET_MAX": 403,
        "PLAYER_BLOCKED": 403,
        "PLAYER_NOT_FOUND": 404,
        "INVALID_CURRENCY": 400,
        "GAME_NOT_FOUND": 403,
        "INVALID_REQUEST": 400,
        "INVALID_SIGNATURE": 401,
        "GENERAL_ERROR": 503,
        "INTERNAL_ERROR": 503,
        "UNKNOWN_ERROR": 400,
        "DUPLICATE_TRANSACTION_DATA_MISMATCH": 400,
    },
}
# What a session we do not know, or that is over, is answered when the game opens.
ALEA_UNKNOWN_SESSION = env.choice(
    "ALEA_UNKNOWN_SESSION", ("SESSION_EXPIRED", "INVALID_REQUEST"), "SESSION_EXPIRED"
)
# A bet that comes after its rollback: refused, or answered like a good one; nothing moves.
ALEA_LATE_BET = env.choice("ALEA_LATE_BET", ("deny", "noop"), "deny")
# A win in a round without a bet: 503 and an alarm (it is sent again), refused for good, or paid.
ALEA_WIN_WITHOUT_BET = env.choice(
    "ALEA_WIN_WITHOUT_BET", ("refuse_retry", "refuse", "accept"), "refuse_retry"
)
# The balance in the answer to a repeated call.
ALEA_DUPLICATE_BALANCE = env.choice("ALEA_DUPLICATE_BALANCE", ("current", "stored"), "current")
ALEA_PROMO_TYPES = [
    *("FREE_SPIN", "OPERATOR_FREE_SPIN", "PRIZE", "CASHBACK"),
    *("SPIN_GIFT", "TOURNAMENT", "ALEA_JACKPOT"),
]
# Marks our players as testers, for the vendor's reports.
ALEA_TEST_PLAYERS = env.boolean("ALEA_TEST_PLAYERS", default=False)

# ---- CoinsPaid: crypto deposits and withdrawals ---------------------------------------------------
COINSPAID_BASE_URL = env.text("COINSPAID_BASE_URL", "")
COINSPAID_KEY = env.text("COINSPAID_KEY", "")
COINSPAID_SECRET = env.text("COINSPAID_SECRET", "")
# Accepted beside the new one while a secret is being changed.
COINSPAID_SECRET_PREVIOUS = env.text("COINSPAID_SECRET_PREVIOUS", "")
# What a player gets of a deposit: `gross` is what arrived, `net` is less the gateway's fee.
COINSPAID_CREDIT = env.choice("COINSPAID_CREDIT", ("gross", "net"), "gross")
# The table of a day's transactions, for reconciliation; without an address there is none.
COINSPAID_STATEMENT_URL = env.text("COINSPAID_STATEMENT_URL", "")
# Where the gateway's invoice page leads back to; it insists on https and a name.
COINSPAID_RETURN_URL = env.text("COINSPAID_RETURN_URL", "https://localhost/wallet/history/")
# The EU entity must be told who pays and who is paid: the player, and the company by its name and
# country (ISO 3166, three letters).
COINSPAID_USER_DATA = env.boolean("COINSPAID_USER_DATA", default=False)
COINSPAID_COMPANY_NAME = env.text("COINSPAID_COMPANY_NAME", "")
COINSPAID_COMPANY_COUNTRY = env.text("COINSPAID_COMPANY_COUNTRY", "")
# Addresses of test networks are taken too: for the sandbox and the simulators.
PAYMENTS_TESTNET = env.boolean("PAYMENTS_TESTNET", default=False)

# ---- PaymentIQ: fiat deposits and withdrawals -------------------------------------------------------
# Its Admin API, `https://backoffice.paymentiq.io/paymentiq`; without one orders wait.
PAYMENTIQ_BASE_URL = env.text("PAYMENTIQ_BASE_URL", "")
PAYMENTIQ_MERCHANT_ID = env.text("PAYMENTIQ_MERCHANT_ID", "")
# What it calls us with: a name and a password, or a token instead. The ones before are accepted
# beside them while they are being changed.
PAYMENTIQ_USERNAME = env.text("PAYMENTIQ_USERNAME", "")
PAYMENTIQ_PASSWORD = env.text("PAYMENTIQ_PASSWORD", "")
PAYMENTIQ_PASSWORD_PREVIOUS = env.text("PAYMENTIQ_PASSWORD_PREVIOUS", "")
PAYMENTIQ_BEARER = env.text("PAYMENTIQ_BEARER", "")
PAYMENTIQ_BEARER_PREVIOUS = env.text("PAYMENTIQ_BEARER_PREVIOUS", "")
# Addresses and networks that may call; empty means any that has the credential.
PAYMENTIQ_IP_ALLOWLIST = env.items("PAYMENTIQ_IP_ALLOWLIST")
# What we call its Admin API with.
PAYMENTIQ_CLIENT_ID = env.text("PAYMENTIQ_CLIENT_ID", "")
PAYMENTIQ_CLIENT_SECRET = env.text("PAYMENTIQ_CLIENT_SECRET", "")
# Which of its cashiers the page loads, and where that one lives (for the page's security policy).
PAYMENTIQ_ENVIRONMENT = env.choice("PAYMENTIQ_ENVIRONMENT", ("test", "production"), "production")
PAYMENTIQ_CASHIER_HOSTS = env.items(
    "PAYMENTIQ_CASHIER_HOSTS",
    ",".join(
        {
            "test": ("https://test-api.paymentiq.io", "https://checkout.paymentiq.io"),
            "production": ("https://api.paymentiq.io", "https://checkout.paymentiq.io"),
        }[PAYMENTIQ_ENVIRONMENT]
    ),
)
# Where a simulator's cashier is; production leaves it empty.
PAYMENTIQ_CASHIER_URL = env.text("PAYMENTIQ_CASHIER_URL", "")

# ---- SendPost: mail -----------------------------------------------------------------------------------
# `https://api.sendpost.io/api/v1`; without one mail goes through MAIL_FALLBACK_BACKEND.
SENDPOST_BASE_URL = env.text("SENDPOST_BASE_URL", "")
# Two sub-accounts, each with a list of its own: who wants no offers still gets a password reset.
SENDPOST_API_KEY = env.text("SENDPOST_API_KEY", "")
SENDPOST_MARKETING_API_KEY = env.text("SENDPOST_MARKETING_API_KEY", "")
# Looks up what became of a mail, and registers where it reports to.
SENDPOST_ACCOUNT_API_KEY = env.text("SENDPOST_ACCOUNT_API_KEY", "")
# The last part of the address it reports to, and the one before while it is being changed.
SENDPOST_WEBHOOK_SECRET = env.text("SENDPOST_WEBHOOK_SECRET", "")
SENDPOST_WEBHOOK_SECRET_PREVIOUS = env.text("SENDPOST_WEBHOOK_SECRET_PREVIOUS", "")
# `https://…/callbacks/sendpost`, which is registered with the provider; empty registers nothing.
SENDPOST_WEBHOOK_URL = env.text("SENDPOST_WEBHOOK_URL", "")
# A signature (HMAC-SHA256 of the body, in hex) it may offer: the header's name and the secret.
SENDPOST_SIGNATURE_HEADER = env.text("SENDPOST_SIGNATURE_HEADER", "")
SENDPOST_SIGNATURE_SECRET = env.text("SENDPOST_SIGNATURE_SECRET", "")

# ---- Sumsub: who players are, and whether watch lists know them ---------------------------------------
# `https://api.sumsub.com`, the same for the sandbox; without one our own reviewers look at documents.
SUMSUB_BASE_URL = env.text("SUMSUB_BASE_URL", "")
SUMSUB_APP_TOKEN = env.text("SUMSUB_APP_TOKEN", "")
SUMSUB_SECRET_KEY = env.text("SUMSUB_SECRET_KEY", "")
# Whether the token is of the sandbox (`sbx:…`): webhooks of the other environment are refused.
SUMSUB_SANDBOX = env.boolean("SUMSUB_SANDBOX", default=False)
# What webhooks to `/callbacks/sumsub/` are signed with, and the secret before while it is changed.
SUMSUB_WEBHOOK_SECRET = env.text("SUMSUB_WEBHOOK_SECRET", "")
SUMSUB_WEBHOOK_SECRET_PREVIOUS = env.text("SUMSUB_WEBHOOK_SECRET_PREVIOUS", "")
# Further webhooks, each `name:secret` and at `/callbacks/sumsub/<name>/`; a name twice is a change.
SUMSUB_WEBHOOK_SECRETS = env.items("SUMSUB_WEBHOOK_SECRETS")
# The digests that are good; more than one only while the webhook is being changed.
SUMSUB_WEBHOOK_ALGORITHMS = env.items("SUMSUB_WEBHOOK_ALGORITHMS", "HMAC_SHA256_HEX")
# Our levels (apps/kyc/levels.py) and what they are called there, case and all.
SUMSUB_LEVELS = env.items("SUMSUB_LEVELS", "identity:identity-and-address,funds:source-of-funds")
# How tokens for the frame are asked for: with a JSON body, or in the older form in the query.
SUMSUB_TOKEN_FORM = env.choice("SUMSUB_TOKEN_FORM", ("json", "query"), "json")
SUMSUB_TOKEN_SECONDS = env.integer("SUMSUB_TOKEN_SECONDS", 600, at_least=60)
SUMSUB_TIMEOUT_SECONDS = env.integer("SUMSUB_TIMEOUT_SECONDS", 8, at_least=1)
# Open checks are read again after so many minutes: webhooks get lost for good after a day.
KYC_RECONCILE_MINUTES = env.integer("KYC_RECONCILE_MINUTES", 60, at_least=5)
# Watch lists are read again after so many hours; asked anew (which costs) at most as often as this.
SCREEN_HOURS = env.integer("SCREEN_HOURS", 24, at_least=1)
SCREEN_FRESH_HOURS = env.integer("SCREEN_FRESH_HOURS", 24, at_least=1)

# ---- rates: what one currency is worth in another ---------------------------------------------------
# Limits, thresholds and totals over currencies are in this one.
BASE_CURRENCY = env.text("BASE_CURRENCY", "EUR")
# Feeds by dotted path. The first that answers well gives the rate, the others must agree with it.
RATE_FEEDS = [
    "apps.rates.providers.coinbase.feed.Coinbase",
    "apps.rates.providers.coingecko.feed.Coingecko",
    "apps.payments.providers.coinspaid.rates.CoinspaidRates",
    "apps.rates.providers.ecb.feed.Ecb",
]
# A feed without a base URL is off.
COINBASE_BASE_URL = env.text("COINBASE_BASE_URL", "")
COINGECKO_BASE_URL = env.text("COINGECKO_BASE_URL", "")
COINGECKO_API_KEY = env.text("COINGECKO_API_KEY", "")
ECB_BASE_URL = env.text("ECB_BASE_URL", "")
# Older than this, a rate settles nothing. So many feeds must speak and agree.
RATE_AGE_SECONDS = env.integer("RATE_AGE_SECONDS", 60)
RATE_SOURCES_MIN = env.integer("RATE_SOURCES_MIN", 2, at_least=1)
# Shares: how far feeds may differ, a rate may jump between two looks, a stable coin leave its peg.
RATE_GAP_MAX = Decimal(env.text("RATE_GAP_MAX", "0.02"))
RATE_JUMP_MAX = Decimal(env.text("RATE_JUMP_MAX", "0.1"))
RATE_PEG_MAX = Decimal(env.text("RATE_PEG_MAX", "0.01"))
RATE_PEGS = {"USDT": "USD", "USDC": "USD"}
# For so many days a rate that came no more is shown, marked as old.
RATE_SHOWN_DAYS = 7

# ---- exchange between a player's own wallets ---------------------------------------------------------
# What stays in the house, in hundredths of a per cent; how long a quote holds.
EXCHANGE_SPREAD_BPS = env.integer("EXCHANGE_SPREAD_BPS", 100, at_least=0)
EXCHANGE_QUOTE_SECONDS = env.integer("EXCHANGE_QUOTE_SECONDS", 15, at_least=5)
# The least that is exchanged at once, in whole units of the base currency.
EXCHANGE_MIN = env.integer("EXCHANGE_MIN", 1, at_least=0)

# ---- the vendors' simulators: only in development, demo and tests ----------------------------------
# How many of the vendor's minutes pass in one of ours (retries, block times).
SIMULATORS_SPEED = env.integer("SIMULATORS_SPEED", 60)
# Where browsers reach the simulators when that differs from where the casino does.
SIMULATORS_PUBLIC_URL = env.text("SIMULATORS_PUBLIC_URL", "")

# Where Sumsub's pages are framed from: follows from its base URL, unless an address is given.
SUMSUB_FRAME_ORIGIN = verification_origin(
    SUMSUB_BASE_URL, env.text("SUMSUB_FRAME_URL", ""), SIMULATORS_PUBLIC_URL
)

# ---- national registers of self-exclusion (apps/limits/providers/register) -----------------------
GAMSTOP_BASE_URL = env.text("GAMSTOP_BASE_URL", "")
GAMSTOP_API_KEY = env.text("GAMSTOP_API_KEY", "")
# People wait for it at sign-in; no answer in time closes play until there is one.
REGISTER_TIMEOUT_SECONDS = env.integer("REGISTER_TIMEOUT_SECONDS", 3, at_least=1)
# Where no register is set up, people of its country may not play: only a laptop looks away.
REGISTERS_OPTIONAL = False

# ---- a gateway for text messages (apps/messaging/providers/textgateway) ---------------------------
TEXT_GATEWAY_BASE_URL = env.text("TEXT_GATEWAY_BASE_URL", "")
TEXT_GATEWAY_TOKEN = env.text("TEXT_GATEWAY_TOKEN", "")
TEXT_GATEWAY_SENDER = env.text("TEXT_GATEWAY_SENDER", "Casino")
# What happens to text messages without one: a console shows them, the simulated mailbox has them, or
# nobody sends any.
TEXT_FALLBACK = env.choice("TEXT_FALLBACK", ("console", "mailbox", "off"), "console")
