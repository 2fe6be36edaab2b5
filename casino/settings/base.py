"""Everything the casino can be told. `dev`, `test` and `production` override."""

import os
from pathlib import Path

from casino import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEBUG = False
SECRET_KEY = os.environ.get("SECRET_KEY", "")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS")
SITE_NAME = env.text("SITE_NAME", "Cinnabar")
JURISDICTION = env.text("JURISDICTION", "STRICT")
AGE_MIN = env.integer("AGE_MIN", 18)
TERMS_VERSION = "2026-11"
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
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
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
ACCOUNT_RATE_LIMITS: dict[str, str] = {"login_failed": "10/m/ip,5/300s/key"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
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

# ---- statements ---------------------------------------------------------------------------------
# The PDF of a statement with more movements is drawn by the worker: a thousand take 0.1 s.
STATEMENT_PDF_AT_ONCE_MAX = env.integer("STATEMENT_PDF_AT_ONCE_MAX", 3000)
# How long PDFs are kept once they are drawn; after that they are drawn again when asked for.
STATEMENT_PDF_KEEP_DAYS = env.integer("STATEMENT_PDF_KEEP_DAYS", 30, at_least=1)

# ---- proof of liabilities ------------------------------------------------------------------------
# How long players may ask for their place in what was published; sums and roots stay for ever.
LIABILITIES_KEEP_DAYS = env.integer("LIABILITIES_KEEP_DAYS", 60, at_least=2)

# ---- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.api.authentication.ApiKeyAuthentication",
        "allauth.headless.contrib.rest_framework.authentication.XSessionTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.api.permissions.IsPlayer"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.JSONParser"],
    # Clients are counted by their peer address; a forwarded header is theirs to write.
    "NUM_PROXIES": 0,
    "DEFAULT_SCHEMA_CLASS": "apps.accounts.api.schema.ScopedSchema",
    "EXCEPTION_HANDLER": "casino.api.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min", "anon": "60/min", "money": "60/min"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{SITE_NAME} player API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
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
    "apps.games.followers.Rounds",
    "apps.treasury.followers.Chargebacks",
    "apps.jackpots.followers.Jackpots",
    "apps.reports.followers.Revenue",
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
# Who knows which game an entry of a partner belongs to (apps/wallet/statements/naming.py).
STATEMENT_NAMERS = {
    "softswiss": "apps.games.selectors.games_of_sessions",
    "alea": "apps.games.selectors.games_of_sessions",
    "originals": "apps.originals.naming.games_of_rounds",
}
# Where the handlers of published events live; importing them connects them.
EVENT_HANDLER_MODULES = [
    "apps.messaging.handlers",
    "apps.messaging.security",
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
]

# Where the acts that take two people are registered (apps/audit/proposals.py).
PROPOSAL_MODULES = ["apps.payments.acts", "apps.treasury.acts", "apps.jackpots.acts"]

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

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}

from casino.settings.unfold import UNFOLD  # noqa: E402, F401
from casino.settings.vendors import *  # noqa: E402, F403
