"""Everything the casino can be told. `dev`, `test` and `production` override."""

import os
from pathlib import Path

from casino import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEBUG = False
SECRET_KEY = os.environ.get("SECRET_KEY", "")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS")
SITE_NAME = env.text("SITE_NAME", "Cinnabar")
# The profile of the casino's licence (apps/limits/profiles.py), and of residents of some countries.
JURISDICTION = env.choice("JURISDICTION", ("STRICT", "THRESHOLD", "GB", "DE", "ES"), "STRICT")
COUNTRY_PROFILES = env.items("COUNTRY_PROFILES", "GB:GB,DE:DE,ES:ES")
AGE_MIN = env.integer("AGE_MIN", 18)
# Versions of the terms and the privacy policy, the oldest first: name, whether it is material, what
# is new. A material one stops play until it is accepted (apps/limits/terms.py).
TERMS_VERSIONS = [("2026-11", True, "The first version.")]
TERMS_VERSION = TERMS_VERSIONS[-1][0]
# Countries (ISO 3166 alpha-2) whose residents cannot register, deposit or play.
BLOCKED_COUNTRIES = env.items("BLOCKED_COUNTRIES", "US,GB,FR,NL,AU,KP,IR,SY,CU")
DISPLAY_CURRENCY = "EUR"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.import_export",
    "casino.admin_site.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "template_partials.apps.SimpleAppConfig",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "csp",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "allauth.mfa",
    "allauth.headless",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "apps.core",
    "apps.audit",
    "apps.events",
    "apps.integrations",
    "apps.accounts",
    "apps.ledger",
    "apps.rates",
    "apps.wallet",
    "apps.limits",
    "apps.kyc",
    "apps.risk",
    "apps.wallet.statements",
    "apps.games",
    "apps.payments",
    "apps.treasury",
    "apps.treasury.liabilities",
    "apps.originals",
    "apps.jackpots",
    "apps.messaging",
    "apps.site",
    "apps.reports",
    "apps.operator",
    "apps.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.operator.middleware.OperatorPageMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.RequestIdMiddleware",
    "apps.core.middleware.PlainTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.HtmxVaryMiddleware",
    "apps.accounts.middleware.HeadlessBodyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.middleware.SeenMiddleware",
    "apps.accounts.second_factor.SecondFactorMiddleware",
    "apps.risk.middleware.LocationMiddleware",
    "apps.core.middleware.RateLimitMiddleware",
    "apps.core.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "casino.urls"
WSGI_APPLICATION = "casino.wsgi.application"
ASGI_APPLICATION = "casino.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            # The order matters: the automatic modes of cotton and partials break each other.
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.site.context.site",
            ],
        },
    }
]

# ---- data ---------------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, object]] = {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL", "")
SIMULATORS_DATABASE_URL = env.text("SIMULATORS_DATABASE_URL", "")
# Statements of the hot path are prepared on the server; off behind a pooler that cannot do it.
LEDGER_PREPARE = env.boolean("LEDGER_PREPARE", default=True)

# ---- people -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# The e-mail is unique without regard to case, by a constraint the check does not understand.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.PeopleBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "username")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "apps.accounts.passwords.MaximumLengthValidator", "OPTIONS": {"max_length": 128}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "apps.accounts.passwords.BreachedPasswordValidator"},
]
# A range API about stolen passwords, such as https://api.pwnedpasswords.com/range; empty asks nobody.
BREACHED_PASSWORDS_BASE_URL = env.text("BREACHED_PASSWORDS_BASE_URL", "")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
# A player's name is as good as their address (apps/accounts/models.py: UserManager.by_name).
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "apps.accounts.forms.PlayerSignupForm"
# Only when everybody must confirm their address can a taken one get the answer of a free one.
ACCOUNT_EMAIL_VERIFICATION = env.text("EMAIL_VERIFICATION", "mandatory")
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Changing the address asks for the password again when it was not given just now.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"{SITE_NAME}: "
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_FORMS = {
    "login": "apps.accounts.entry_forms.SignInForm",
    "confirm_login_code": "apps.accounts.entry_forms.MailedCodeForm",
}
# After so many failures within that time a password alone is not enough on a device we do not know.
SIGN_IN_FAILURES_MAX = env.integer("SIGN_IN_FAILURES_MAX", 3, at_least=1)
SIGN_IN_FAILURE_MINUTES = env.integer("SIGN_IN_FAILURE_MINUTES", 30, at_least=1)
# The code that is mailed then: it works ten minutes, for five tries, in the session it was asked in.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
DEVICE_COOKIE_NAME = "device"
# Somebody who knows the country of an address: a dotted path to a callable, or nothing.
SIGN_IN_PLACE = "apps.risk.geo.country_of"
# Who is asked before an account is made: dotted paths, each takes an Applicant (apps/accounts/applicants.py).
REGISTRATION_CHECKS: list[str] = [
    "apps.limits.profiles.check_applicant",
    "apps.risk.location.check_applicant",
    "apps.limits.registers.check_applicant",
    "apps.kyc.persons.check_applicant",
]
# What happens to a player right after, in the transaction that makes them.
REGISTRATION_EFFECTS = ["apps.kyc.gates.at_registration"]
# Who has something to do before a player who has just signed in does anything: functions of the
# player and the request.
SIGN_IN_CHECKS = [
    "apps.risk.location.signed_in",
    "apps.limits.registers.signed_in",
    "apps.limits.terms.signed_in",
]
# Who keeps personal data, in the order it is exported and erased (apps/accounts/privacy.py).
PERSONAL_DATA: list[str] = [
    "apps.accounts.personal.Account",
    "apps.wallet.personal.Money",
    "apps.risk.personal.Whereabouts",
    "apps.risk.personal.Complaints",
    "apps.limits.personal.RegistersAndTerms",
    "apps.games.personal.Play",
    "apps.payments.personal.Payments",
    "apps.messaging.personal.Messages",
]
# Who closes an account on its owner's word, keeps it after all, and knows whether it waits to be empty.
ACCOUNT_CLOSING = {
    "close": "apps.limits.accounts.close_account",
    "keep": "apps.limits.accounts.keep_account",
    "waits": "apps.limits.accounts.is_closing",
}
# By when a request to be forgotten is decided, and how long law keeps what it keeps.
ERASURE_DAYS = env.integer("ERASURE_DAYS", 30, at_least=1)
PERSONAL_KEEP_YEARS = env.integer("PERSONAL_KEEP_YEARS", 5, at_least=1)
# ---- second factors, passkeys
MFA_ADAPTER = "apps.accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
# An address that is added later is confirmed later; the first one was before the first sign-in.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# A browser may be trusted to skip the second factor, and shows it again after this many days.
FULL_SIGN_IN_DAYS = env.integer("FULL_SIGN_IN_DAYS", 30, at_least=1)
MFA_TRUST_ENABLED = True
MFA_TRUST_COOKIE_AGE = FULL_SIGN_IN_DAYS * 24 * 60 * 60
MFA_TRUST_COOKIE_NAME = "trusted"
HEADLESS_CLIENTS = ("app",)
HEADLESS_ADAPTER = "apps.accounts.adapter.HeadlessAdapter"
HEADLESS_TOKEN_STRATEGY = "apps.accounts.tokens.SessionToken"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_SAMESITE = "Lax"
# A player who asks for nothing that long signs in again. Being seen is noted once a minute.
SESSION_IDLE_MINUTES = env.integer("SESSION_IDLE_MINUTES", 30, at_least=5)
CSRF_COOKIE_HTTPONLY = False
OTP_TOTP_ISSUER = SITE_NAME

# ---- links in mails -----------------------------------------------------------------------------
# Where players find the site, without a slash at the end.
SITE_ORIGIN = env.text("SITE_ORIGIN", "")

# ---- staff --------------------------------------------------------------------------------------
# From which networks the back office may be seen; everywhere when empty.
STAFF_IP_ALLOWLIST = env.items("STAFF_IP_ALLOWLIST")
# Staff sign in again after so many minutes without a click, and after so many hours in any case.
STAFF_IDLE_MINUTES = env.integer("STAFF_IDLE_MINUTES", 15, at_least=1)
STAFF_SESSION_HOURS = env.integer("STAFF_SESSION_HOURS", 8, at_least=1)
# Roles that enter with a passkey, which nobody can be lured into giving away.
STAFF_PASSKEY_ROLES = env.items("STAFF_PASSKEY_ROLES")

# ---- paying out ---------------------------------------------------------------------------------
# How long a password given counts as fresh for what cannot be taken back.
STEP_UP_MINUTES = env.integer("STEP_UP_MINUTES", 10)
# Nothing is paid to a new address before, and no coins leave after a change of password or e-mail.
PAYOUT_ADDRESS_DELAY_HOURS = env.integer("PAYOUT_ADDRESS_DELAY_HOURS", 24)
CREDENTIALS_WAIT_HOURS = env.integer("CREDENTIALS_WAIT_HOURS", 24)
NOT_ME_LINK_DAYS = env.integer("NOT_ME_LINK_DAYS", 7)
# In the base currency: never without a person above the first, never with one alone above the second.
WITHDRAWAL_REVIEW_ABOVE = env.integer("WITHDRAWAL_REVIEW_ABOVE", 2000)
WITHDRAWAL_TWO_PEOPLE_ABOVE = env.integer("WITHDRAWAL_TWO_PEOPLE_ABOVE", 10000)
# Coins worth more than this within a day leave only with the word whose wallet they go to: in the
# base currency, 0 never asks.
TRAVEL_RULE_ABOVE = env.integer("TRAVEL_RULE_ABOVE", 1000)
# The switch of automatic approval; the rules themselves are rows.
WITHDRAWAL_AUTO_APPROVAL = env.boolean("WITHDRAWAL_AUTO_APPROVAL", default=False)
# Whether players may call back what nobody has approved yet.
WITHDRAWAL_CANCEL = env.boolean("WITHDRAWAL_CANCEL", default=False)
# Within how many hours we decide, by VIP rank; a rank that is not named has the one below it.
WITHDRAWAL_DUE_HOURS = env.items("WITHDRAWAL_DUE_HOURS", "0:24,1:12,3:6,5:2")
WITHDRAWAL_HOLD_HOURS = env.integer("WITHDRAWAL_HOLD_HOURS", 72)
# All payouts stop by themselves when an hour has more of them, or more value in the base currency,
# or a higher average (of three and more); 0 is no limit.
PAYOUT_HOUR_COUNT_MAX = env.integer("PAYOUT_HOUR_COUNT_MAX", 200)
PAYOUT_HOUR_VALUE_MAX = env.integer("PAYOUT_HOUR_VALUE_MAX", 250_000)
PAYOUT_HOUR_AVERAGE_MAX = env.integer("PAYOUT_HOUR_AVERAGE_MAX", 20_000)
# What has to go back the way it came before another way is paid: fiat, all or off.
CLOSED_LOOP = env.choice("CLOSED_LOOP", ("fiat", "all", "off"), "fiat")
DEPOSIT_FAILURES_MAX = env.integer("DEPOSIT_FAILURES_MAX", 5)
DEPOSIT_FAILURES_MINUTES = env.integer("DEPOSIT_FAILURES_MINUTES", 10)
DEPOSIT_BLOCK_MINUTES = env.integer("DEPOSIT_BLOCK_MINUTES", 60)

# ---- risk ---------------------------------------------------------------------------------------
# Who tells the monitoring rules what was paid in and out (apps/risk/sources.py).
RISK_SOURCES = ["apps.payments.risk_source.PaymentSource"]
# Residence there adds to a player's risk score (ISO 3166 alpha-2).
RISK_COUNTRIES_HIGH = env.items("RISK_COUNTRIES_HIGH", "")
# A deposit that the gateway scores this high, from 0 to 100, is not credited to play.
RISK_DEPOSIT_PERCENT = env.integer("RISK_DEPOSIT_PERCENT", 70, at_least=1)
# Currencies that hide where they come from: what arrives in them is held.
RISK_PRIVACY_COINS = env.items("RISK_PRIVACY_COINS", "XMR,ZEC,DASH")
# Within how many days a complaint is answered, and who hears it where no country has a body of its own.
COMPLAINT_ANSWER_DAYS = env.integer("COMPLAINT_ANSWER_DAYS", 10, at_least=1)
COMPLAINT_BODY_NAME = env.text("COMPLAINT_BODY_NAME", "The authority that licenses us")
COMPLAINT_BODY_SITE = env.text("COMPLAINT_BODY_SITE", "")

# ---- where players are -------------------------------------------------------------------------------
# A database of addresses and countries, .mmdb or CSV; without one the registries' delegations count.
GEOIP_PATH = env.text("GEOIP_PATH", "")
# A list of networks that hide where somebody is (apps/risk/data/networks.txt shows the form).
GEO_NETWORKS_PATH = env.text("GEO_NETWORKS_PATH", "")
# Whether a network of that list is refused, or only noted; and an address nobody can place.
GEO_HIDDEN_REFUSED = env.boolean("GEO_HIDDEN_REFUSED", default=False)
GEO_UNKNOWN_REFUSED = env.boolean("GEO_UNKNOWN_REFUSED", default=True)
# On a laptop every address is private: there, and only there, it counts as the player's country.
GEO_PRIVATE_IS_HOME = False
# Who knows the names and the postcode that a register of self-exclusion is asked by.
REGISTER_PERSON = "apps.kyc.persons.declared"
# Who knows what holds for residents of a country, and who plays at partners' at the moment.
LOCATION_RULES = "apps.limits.profiles.profile_for"
PLAYERS_AT_PLAY = "apps.games.selectors.players_at_play"

# ---- statements ---------------------------------------------------------------------------------
# The PDF of a statement with more movements is drawn by the worker: a thousand take 0.1 s.
STATEMENT_PDF_AT_ONCE_MAX = env.integer("STATEMENT_PDF_AT_ONCE_MAX", 3000)
# How long PDFs are kept once they are drawn; after that they are drawn again when asked for.
STATEMENT_PDF_KEEP_DAYS = env.integer("STATEMENT_PDF_KEEP_DAYS", 30, at_least=1)

# ---- proof of liabilities ------------------------------------------------------------------------
# How long players may ask for their place in what was published; sums and roots stay for ever.
LIABILITIES_KEEP_DAYS = env.integer("LIABILITIES_KEEP_DAYS", 60, at_least=2)

# ---- verification -------------------------------------------------------------------------------
# Who knows what a player's jurisdiction asks for.
KYC_PROFILE = "apps.limits.profiles.profile_of"
# The level that the first withdrawal needs where identity is not asked for before: 0 to 3.
KYC_WITHDRAWAL_LEVEL = env.integer("KYC_WITHDRAWAL_LEVEL", 1)
# What players hand in lies here, sealed; outside what any server serves.
KYC_DIR = Path(os.environ.get("KYC_DIR", BASE_DIR / ".casino" / "kyc"))
# How long papers are kept after an account was closed.
KYC_KEEP_YEARS = env.integer("KYC_KEEP_YEARS", 5, at_least=1)
UPLOAD_BYTES_MAX = env.integer("UPLOAD_BYTES_MAX", 10 * 1024 * 1024, at_least=1024)
UPLOAD_PIXELS_MAX = env.integer("UPLOAD_PIXELS_MAX", 50_000_000, at_least=1_000_000)
# Uploads stay in memory: a file on disk would lie there unsealed.
FILE_UPLOAD_HANDLERS = ["apps.core.uploads.CappedMemoryUpload"]
# Where clamd listens (tcp://host:port or unix:///path); without it only the test virus is known.
CLAMD_ADDRESS = env.text("CLAMD_ADDRESS", "")
CLAMD_SECONDS = env.integer("CLAMD_SECONDS", 20, at_least=1)
# Who is asked for sanctions and politically exposed people, and the file of the one of ours.
WATCH_LISTS = ["apps.kyc.watchlists.FileList"]
WATCH_LIST_FILE = env.text("WATCH_LIST_FILE", "")

# ---- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.api.authentication.ApiKeyAuthentication",
        "allauth.headless.contrib.rest_framework.authentication.XSessionTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "apps.accounts.api.permissions.IsPlayer",
        "apps.risk.api.permissions.Located",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.accounts.api.schema.ScopedSchema",
    "EXCEPTION_HANDLER": "casino.api.exception_handler",
    # Counted by the table in casino/settings/rate_limits.py.
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.api.throttling.ApiThrottle"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{SITE_NAME} player API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    # Words that several answers use for sets of their own.
    "ENUM_NAME_OVERRIDES": {
        "LimitKindEnum": ["deposit", "loss", "wager", "session"],
        "BreakKindEnum": ["panic", "time_out", "self_exclusion"],
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "casino.api.describe",
    ],
}

# ---- live ---------------------------------------------------------------------------------------
# Where the browser finds the sockets and the partners find the callbacks. Behind nginx all
# processes share one origin and both stay empty.
LIVE_URL = env.text("LIVE_URL", "")
CALLBACK_URL = env.text("CALLBACK_URL", "")

# ---- jobs ---------------------------------------------------------------------------------------
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ROUTES = {"ledger.follow": {"queue": "followers"}}

# Who reads the journal, each with its own cursor (apps/ledger/followers.py).
LEDGER_FOLLOWERS = [
    "apps.ledger.followers.Positions",
    "apps.wallet.followers.BalancePush",
    "apps.limits.reality.Sessions",
    "apps.games.followers.Rounds",
    "apps.treasury.followers.Chargebacks",
    "apps.jackpots.followers.Jackpots",
    "apps.reports.followers.Revenue",
    "apps.reports.large.LargeMoney",
    "apps.limits.usage.Usage",
    "apps.kyc.followers.Linked",
    "apps.risk.followers.Watch",
]
# Who knows the odds of rounds of our own games (apps/games/returns.py).
ROUND_THEORIES = {"originals": "apps.originals.theory.theories_of"}
# A partner's round that is open this long comes on a desk; this old, the rule ends or escalates it.
ROUND_ALERT_HOURS = env.integer("ROUND_ALERT_HOURS", 24, at_least=1)
ROUND_RULE_DAYS = env.integer("ROUND_RULE_DAYS", 30, at_least=1)
# How many calls to one game partner a process makes at once; beyond that it is not asked. Below half of
# the threads that serve pages, so that two partners that hang leave some.
PARTNER_CALLS_MAX = env.integer("PARTNER_CALLS_MAX", 3, at_least=1)
# Under which names in Redis the processes share what they know of partners.
BREAKER_PREFIX = env.text("BREAKER_PREFIX", "casino")
# Redis that takes longer counts as away: each process then knows partners by itself.
BREAKER_REDIS_SECONDS = 0.5
# Under which names in Redis tries are counted (casino/settings/rate_limits.py).
RATE_LIMITS_PREFIX = env.text("RATE_LIMITS_PREFIX", "casino:tries")
# Who knows which game an entry of a partner belongs to (apps/wallet/statements/naming.py).
STATEMENT_NAMERS = {
    "softswiss": "apps.games.selectors.games_of_sessions",
    "alea": "apps.games.selectors.games_of_sessions",
    "originals": "apps.originals.naming.games_of_rounds",
}
# Where the handlers of published events live; importing them connects them.
EVENT_HANDLER_MODULES = [
    "apps.kyc.handlers",
    "apps.limits.handlers",
    "apps.games.handlers",
    "apps.risk.handlers",
    "apps.messaging.handlers",
    "apps.messaging.security",
    "apps.messaging.access",
    "apps.messaging.safer_play",
    "apps.payments.handlers",
]
# Raw callbacks that are done with are deleted when they are older.
INBOX_KEEP_DAYS = env.integer("INBOX_KEEP_DAYS", 400, at_least=30)
# Mails that were sent, or never will be, are deleted when they are older.
MAIL_KEEP_DAYS = env.integer("MAIL_KEEP_DAYS", 400, at_least=30)
# Rates that were never used are thinned to one an hour when they are older.
RATES_KEEP_DAYS = env.integer("RATES_KEEP_DAYS", 90, at_least=7)
INBOX_HANDLER_MODULES = [
    "apps.payments.providers.coinspaid.callbacks",
    "apps.payments.providers.paymentiq.callbacks",
    "apps.messaging.providers.sendpost.callbacks",
    "apps.kyc.providers.sumsub.callbacks",
]

# Whether a first deposit begins with the question for a limit.
FIRST_LIMIT_ASKED = env.boolean("FIRST_LIMIT_ASKED", default=True)
# Where a player does something about a restriction (apps/wallet/restrictions.py), by its code.
RESTRICTION_PAGES = {
    "panic": "limits:break",
    "time_out": "limits:break",
    "self_exclusion": "limits:break",
    "reality_check": "limits:check",
    "session_time": "limits:limits",
    "session_plan": "limits:plan",
    "terms": "terms:accept",
    "location": "accounts:security",
}
# Who knows what money apps saw of a player's day (apps/limits/harm.py).
HARM_SOURCES = {
    "failed": "apps.payments.harm_source.failed_deposits",
    "cancelled": "apps.payments.harm_source.cancelled_withdrawals",
}
# Whether the pages of help organisations are asked once a day if they still answer.
HELP_LINKS_WATCH = env.boolean("HELP_LINKS_WATCH", default=True)

# Who knows that several accounts are one person's (apps/limits/persons.py).
PERSON_MATCHERS = ["apps.limits.persons.by_mailbox", "apps.kyc.persons.same_person_ids"]

# Where the acts that take two people are registered (apps/audit/proposals.py).
PROPOSAL_MODULES = [
    "apps.limits.profile_acts",
    "apps.risk.services.cases",
    "apps.payments.acts",
    "apps.treasury.acts",
    "apps.jackpots.acts",
    "apps.operator.acts",
]

# Audit rows of these subjects are shown only to who may read the subject itself.
AUDIT_CONFIDENTIAL = {
    "kyc.hit": "kyc.view_hit",
    "risk.suspiciousreport": "risk.view_suspiciousreport",
}

# ---- clocks ---------------------------------------------------------------------------------------
# How far a node's clock may be off the database's before staff hear of it, and before the node
# takes no more bets.
CLOCK_COMPARE_SECONDS = 60
CLOCK_ALARM_MS = env.integer("CLOCK_ALARM_MS", 250, at_least=1)
CLOCK_STOP_MS = env.integer("CLOCK_STOP_MS", 2000, at_least=1)

# What a single win, wager or payment, or a player's day of them, must be worth in the base currency
# to be a significant event.
SIGNIFICANT_ABOVE = env.integer("SIGNIFICANT_ABOVE", 10_000, at_least=1)

# ---- the release --------------------------------------------------------------------------------
# The signed list of program files, and the public half of the key that signs it (64 hex digits).
# The private half is where releases are built. Without a key nothing is compared.
RELEASE_MANIFEST = Path(os.environ.get("RELEASE_MANIFEST", BASE_DIR / "release.json"))
RELEASE_PUBLIC_KEY = env.text("RELEASE_PUBLIC_KEY", "")

# ---- audit --------------------------------------------------------------------------------------
AUDIT_KEYS: dict[int, bytes] = {}
# What encrypts single values (seeds, bank data); newest first.
FIELD_KEYS: dict[int, bytes] = {}
# Columns that hold such values: model, column, and the column that names the row. Keys are rotated by it.
SEALED_FIELDS: list[tuple[str, str, str]] = [
    ("originals.SeedPair", "sealed", "public_id"),
    ("jackpots.Cycle", "sealed", "named"),
    ("originals.CrashChain", "sealed", "public_id"),
    ("originals.CrashRound", "sealed", "public_id"),
    ("messaging.Mail", "body", "public_id"),
    ("payments.WalletOwner", "sealed", "public_id"),
    ("kyc.PersonRecord", "sealed", "player_id"),
    ("kyc.PersonRecord", "documents_sealed", "player_id"),
    ("accounts.SealedSecret", "sealed", "public_id"),
    ("accounts.OneTimeCode", "sealed", "public_id"),
    ("messaging.Text", "body", "public_id"),
    ("risk.SuspiciousReport", "sealed", "public_id"),
]
# Seals leave the database here: whoever rewrites the tables cannot rewrite this folder too.
ANCHOR_DIR = Path(os.environ.get("ANCHOR_DIR", BASE_DIR / ".casino" / "anchors"))
ANCHOR_SECONDS = env.integer("ANCHOR_SECONDS", 60)

# ---- static files, languages ---------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["casino.formats"]
LANGUAGES = [("en", "English")]
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "no-reply@localhost")
# Every mail is written into a table with the act it tells of, and sent after it (apps/messaging).
EMAIL_BACKEND = "apps.messaging.backend.QueueBackend"
# Who sends it when SendPost is not set up: one of Django's own backends.
MAIL_FALLBACK_BACKEND = env.text(
    "MAIL_FALLBACK_BACKEND", "django.core.mail.backends.console.EmailBackend"
)

# ---- security -----------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Partners live outside: an address inside is refused. Simulators live inside (`dev`).
OUTBOUND_PRIVATE_ALLOWED = False
# Sockets are answered to pages of these origins only.
LIVE_ORIGINS = env.items("LIVE_ORIGINS")
CONTENT_SECURITY_POLICY: dict[str, dict[str, list[str]]] = {}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# ---- crash --------------------------------------------------------------------------------------
# How long a round takes bets, and how long its end is shown.
CRASH_GAME_BETTING_SECONDS = env.integer("CRASH_GAME_BETTING_SECONDS", 6, at_least=1)
CRASH_GAME_PAUSE_SECONDS = env.integer("CRASH_GAME_PAUSE_SECONDS", 3, at_least=0)
# The most that one round pays to all who are in it, in the base currency.
CRASH_GAME_WIN_MAX = env.integer("CRASH_GAME_WIN_MAX", 500_000, at_least=1)
# Without a salt from a public source a real casino runs no round; where nothing is at stake we draw it.
CRASH_GAME_OWN_SALT = False

# A demo shows its simulators; nothing else may depend on it.
DEMO = False

# Where fault tests say at which point a process is to die (apps/core/crash_points.py); read by
# `dev` and what builds on it, and refused by production.
CRASH_DIR = ""
SIMULATORS_URL = env.text("SIMULATORS_URL", "")

# Who may read /metrics; without a token only private addresses may.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")

LOG_LEVEL = env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "apps.core.logs.OneLineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}

from casino.settings.rate_limits import *  # noqa: E402, F403
from casino.settings.unfold import UNFOLD  # noqa: E402, F401
from casino.settings.vendors import *  # noqa: E402, F403
