"""Every setting of the studio, in one file, read from the environment (docs/settings.md has a heading for each).

Nothing set means the embedded default: SQLite, a broker of files, pictures on this disk under `var/`.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from studio import connections, environment

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(environment.text("VAR_DIR", str(ROOT / "var")))

# Development -------------------------------------------------------------------------------------------------------
DEBUG = environment.flag("DEBUG", "true")
DEVELOPMENT_SECRET_KEY = "development-only-" + "x" * 40
SECRET_KEY = environment.text("SECRET_KEY", DEVELOPMENT_SECRET_KEY)
VAULT_KEY = environment.text("VAULT_KEY", SECRET_KEY)
ALLOWED_HOSTS = environment.text("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
LOG_HOST = environment.text("LOG_HOST", "localhost")

# Databases ---------------------------------------------------------------------------------------------------------
DATABASE_URL = environment.text("DATABASE_URL", f"sqlite:///{VAR / 'studio.sqlite3'}")
DATABASES = {"default": connections.database(DATABASE_URL)}
LEDGER_URL = environment.text("LEDGER_URL", f"sqlite:///{VAR / 'ledger.sqlite3'}")
LEDGER_ADMIN_URL = environment.text("LEDGER_ADMIN_URL", LEDGER_URL)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Files and keys ----------------------------------------------------------------------------------------------------
STORAGE_URL = environment.text("STORAGE_URL", f"file://{VAR / 'blobs'}")
QUARANTINE_URL = environment.text("QUARANTINE_URL", f"file://{VAR / 'quarantine'}")
WORK_DIR = Path(environment.text("WORK_DIR", str(VAR / "work")))
QUARANTINE_DAYS = environment.number("QUARANTINE_DAYS", "30")
MODELS_DIR = Path(environment.text("MODELS_DIR", str(VAR / "models")))
CLASSIFIERS_FILE = environment.text("CLASSIFIERS_FILE", "")
REFERENCES_FILE = environment.text("REFERENCES_FILE", "")
CHECKPOINT_DIR = Path(environment.text("CHECKPOINT_DIR", str(VAR / "checkpoints")))
CHECKPOINT_COPY_DIR = environment.text("CHECKPOINT_COPY_DIR", "")
TRUST_DIR = Path(environment.text("TRUST_DIR", str(VAR / "trust")))
DEVELOPMENT_PASSPHRASE = "development-only"  # noqa: S105  refused by a system check when DEBUG is off
# Only the sign worker has one; every other process runs without.
TRUST_PASSPHRASE = environment.text("TRUST_PASSPHRASE", DEVELOPMENT_PASSPHRASE if DEBUG else "")
KEY_RESOLVERS = dict(part.split("=", 1) for part in environment.text("KEY_RESOLVERS", "").split(",") if part)
# Without a time-stamp a signature dies with its certificate; with one it stays valid.
TSA_URL = environment.text("TSA_URL", "")
ANCHOR_SECONDS = environment.number("ANCHOR_SECONDS", "3600")
ANCHOR_NOTICE_DAYS = environment.number("ANCHOR_NOTICE_DAYS", "90")

# Which imperceptible watermark sealed pictures get, as `python -m provenance watermark` takes it; empty for none.
WATERMARK = environment.text("WATERMARK", f"lattice:{VAR / 'watermark.key'}")

# Workers -----------------------------------------------------------------------------------------------------------
BROKER_URL = environment.text("BROKER_URL", f"filesystem://{VAR / 'broker'}")
LEASE_SECONDS = environment.number("LEASE_SECONDS", "60")
HEARTBEAT_SECONDS = environment.number("HEARTBEAT_SECONDS", "15")
BACKOFF_SECONDS = tuple(float(part) for part in environment.text("BACKOFF_SECONDS", "0,30,300").split(","))
SWEEP_SECONDS = environment.number("SWEEP_SECONDS", "5")
CHECKPOINT_SECONDS = environment.number("CHECKPOINT_SECONDS", "20")
JOB_DEADLINE_SECONDS = environment.number("JOB_DEADLINE_SECONDS", "1800")
GENERATE_THREADS = int(environment.number("GENERATE_THREADS", "2"))
TRAIN_THREADS = int(environment.number("TRAIN_THREADS", "2"))
TRAIN_SILENCE_SECONDS = environment.number("TRAIN_SILENCE_SECONDS", "1800")
WEBHOOKS_MAY_REACH = environment.text("WEBHOOKS_MAY_REACH", "")
READERS_KEEP_NETWORK = environment.flag("READERS_KEEP_NETWORK", "false")
METRICS_FROM = environment.text("METRICS_FROM", "127.0.0.0/8,::1/128")
FAULT_POINT = environment.text("FAULT_POINT", "")

# Policies ----------------------------------------------------------------------------------------------------------
FLOOR_MAY_RELAX = tuple(
    name
    for name in environment.text(
        "FLOOR_MAY_RELAX",
        "sexual_explicit,violence_graphic,self_harm,dangerous_illicit,dignity_stereotype,real_person,photoreal_child,ip_style",
    ).split(",")
    if name
)

# Web ---------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "studio.apps.StudioConfig",
    "studio.trail",
    "studio.accounts",
    "studio.catalogue",
    "studio.projects",
    "studio.references",
    "studio.jobs",
    "studio.policies",
    "studio.portrayals",
    "studio.review",
    "studio.audit",
    "studio.webhooks",
    "studio.api",
    "studio.operations",
    # Behind ours, whose templates are the ones to be found.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
# Where traces go; nothing of OpenTelemetry is imported without it.
OTEL_EXPORTER_OTLP_ENDPOINT = environment.text("OTEL_EXPORTER_OTLP_ENDPOINT", "")
MIDDLEWARE = [
    *(["studio.telemetry.traced"] if OTEL_EXPORTER_OTLP_ENDPOINT else []),
    "studio.operations.metrics.timed",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "studio.accounts.second_step.SecondStepGate",
]
ROOT_URLCONF = "studio.urls"
ASGI_APPLICATION = "studio.asgi.application"
WSGI_APPLICATION = "studio.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
DOCS_DIR = ROOT / "docs"
STATICFILES_DIRS = [("pictures", DOCS_DIR / "pictures")]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
# Live previews pass from worker to page through the cache for seconds and are stored nowhere else. Limits are counted
# in it too, so every web process must see the same one.
CACHE_URL = environment.text("CACHE_URL", BROKER_URL if BROKER_URL.startswith("redis") else "")
CACHES = {"default": connections.cache(CACHE_URL, folder=VAR / "cache")}

# Security ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Signing in: by name or e-mail, without sign-up; people come by invitation (studio.accounts).
ACCOUNT_ADAPTER = "studio.accounts.signing_in.Adapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {"login": "studio.accounts.signing_in.SignInForm"}
# Failures only are kept in the last one: the fifth for an account, and the ninth from an address, is the last.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "9/10m/ip,5/10m/key", "reauthenticate": "9/10m/user"}
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
SECOND_STEP_REQUIRED = environment.flag("SECOND_STEP_REQUIRED", "false" if DEBUG else "true")
MFA_ADAPTER = "studio.accounts.second_step.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Imprimatur"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Browsers give keys to https:// and to localhost alone; http://localhost is for development.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
SESSION_COOKIE_AGE = 12 * 60 * 60
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60
# An organisation's own sign-in (OpenID Connect), where it has one.
OIDC_NAME = environment.text("OIDC_NAME", "your organisation's account")
OIDC_ISSUER = environment.text("OIDC_ISSUER", "")
OIDC_CLIENT_ID = environment.text("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = environment.text("OIDC_CLIENT_SECRET", "")
SOCIALACCOUNT_ADAPTER = "studio.accounts.signing_in.ElsewhereAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "login/with"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "organisation",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}
# E-mail: invitations and forgotten passwords. Without a server, development prints them.
EMAIL_URL = environment.text("EMAIL_URL", "")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.text("EMAIL_FROM", "imprimatur@localhost")
globals().update(connections.email(EMAIL_URL))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEBUG
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if environment.flag("BEHIND_PROXY", "false") else None
# What asks these stands beside the process and speaks no TLS.
SECURE_REDIRECT_EXEMPT = [r"^(alive|ready|metrics)$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
UPLOAD_LIMIT_BYTES = int(environment.number("UPLOAD_LIMIT_BYTES", str(32 * 1024 * 1024)))
# A model is taught with many small pictures at once; the form itself says how many.
DATA_UPLOAD_MAX_NUMBER_FILES = 500
FILE_UPLOAD_HANDLERS = [
    "studio.limits.CappedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # A form that leads to the organisation's own sign-in ends there.
        "form-action": [SELF, *(["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_ISSUER))] if OIDC_ISSUER else [])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Language and time -------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# A page's words that nobody has translated yet are shown in English; `make messages` collects what is to be translated.
LANGUAGES = [
    ("en", "English"),
    ("fr", "Français"),
    ("es", "Español"),
    ("pt", "Português"),
    ("ar", "العربية"),
    ("sw", "Kiswahili"),
]
LOCALE_PATHS = [Path(__file__).parent / "locale"]
FORMAT_MODULE_PATH = "studio.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Logs: one line an event, and never the text of a prompt ----------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"class": "studio.logs.AsLine", "format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "json": {"()": "studio.logs.AsJson"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": environment.text("LOG_FORMAT", "line")}},
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "WARNING")},
    "loggers": {"studio": {"level": environment.text("LOG_LEVEL", "INFO")}},
}
UNFOLD = {"SITE_TITLE": "Imprimatur", "SITE_HEADER": "Imprimatur", "SITE_URL": "/"}
