"""Settings come from the environment alone, loud about nonsense; `.env.example` lists them."""

import base64
import os
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent


def _required(name: str, hint: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


def _flag(name: str) -> bool:
    value = (os.environ.get(name) or "0").lower()
    if value not in {"0", "1", "true", "false"}:
        raise ImproperlyConfigured(f"{name}={value!r}: use 1 or 0.")
    return value in {"1", "true"}


def _is_fernet_key(text: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(text)) == 32
    except ValueError:
        return False


def _number(name: str, default: str, *, least: float = 0) -> float:
    try:
        value = float(os.environ.get(name) or default)
    except ValueError:
        value = float("nan")
    if not least <= value < 1e9:
        raise ImproperlyConfigured(f"{name}={os.environ[name]!r}: give a number from {least:g} on.")
    return value


def _words(name: str, default: str = "") -> list[str]:
    return (os.environ.get(name) or default).replace(",", " ").split()


DEBUG = _flag("PODGATE_DEBUG")
PRODUCTION = _flag("PODGATE_PRODUCTION")
SECRET_KEY = _required("PODGATE_SECRET_KEY", "Give at least 50 random characters.")
# Newest first: the first key encrypts, all of them decrypt (MultiFernet).
ENCRYPTION_KEYS = _required(
    "PODGATE_ENCRYPTION_KEYS", "Make one with `python -m console.secrets`."
).split(",")
ALLOWED_HOSTS = _words("PODGATE_ALLOWED_HOSTS", "127.0.0.1 localhost [::1]")
CSRF_TRUSTED_ORIGINS = _words("PODGATE_TRUSTED_ORIGINS")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("PODGATE_DEBUG=1 is refused with PODGATE_PRODUCTION=1.")
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("PODGATE_SECRET_KEY is too short: give at least 50 characters.")
if PRODUCTION and not all(_is_fernet_key(key.strip()) for key in ENCRYPTION_KEYS):
    raise ImproperlyConfigured(
        "PODGATE_ENCRYPTION_KEYS holds a bad key. Make one with `python -m console.secrets`."
    )

# Private, loopback and metadata addresses of API servers are refused unless listed here (CIDRs).
ALLOWED_API_SERVERS = _words("PODGATE_ALLOWED_API_SERVERS")
# Who reads /metrics without logging in: Authorization: Bearer <token>; empty: nobody.
METRICS_TOKEN = os.environ.get("PODGATE_METRICS_TOKEN", "")
# half=address of the sandbox's control APIs; empty where there is no sandbox.
SANDBOX_CONTROL = _words("PODGATE_SANDBOX_CONTROL")

# How long a target that leaves keeps its connections at weight 0 while its Pod still runs.
DRAIN_SECONDS = _number("PODGATE_DRAIN_SECONDS", "10")
# How long the timeline of Pods and the rollouts of workloads are kept.
TIMELINE_DAYS = _number("PODGATE_TIMELINE_DAYS", "30", least=0.01)

# The webhook: the address it listens on, the one API servers reach it by (a host name or an IP),
# its first port (each cluster has its own; 0 takes free ones), and where its snapshots are kept.
WEBHOOK_LISTEN = os.environ.get("PODGATE_WEBHOOK_LISTEN") or "0.0.0.0"
WEBHOOK_ADDRESS = os.environ.get("PODGATE_WEBHOOK_ADDRESS", "")
WEBHOOK_FIRST_PORT = int(_number("PODGATE_WEBHOOK_FIRST_PORT", "9443"))
WEBHOOK_STATE = Path(os.environ.get("PODGATE_STATE") or ".sandbox").absolute() / "webhook"

REDIS_URL = _required("REDIS_URL", "For example redis://127.0.0.1:6379/0.")
if urlsplit(REDIS_URL).scheme not in {"redis", "rediss", "unix"}:
    raise ImproperlyConfigured(f"REDIS_URL={REDIS_URL!r} is not a redis:// address.")

DATABASE_URL = _required("DATABASE_URL", "For example sqlite:///podgate.sqlite3 or postgres://...")
DATABASES = {
    # Kept by the threads of console.threads, of the live hub and of the worker.
    "default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN: no deadlocks between readers that turn writers.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "console",
    "workloads",
    "services",
]
MIDDLEWARE = [
    "console.middleware.probed",
    "django.middleware.security.SecurityMiddleware",
    # Around WhiteNoise, so that static files that were not collected travel compressed too.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "console.middleware.in_one_thread",
]
ROOT_URLCONF = "console.urls"
CSRF_FAILURE_VIEW = "console.views.errors.csrf_failed"
ASGI_APPLICATION = "console.asgi.application"
# What is streamed beside Django, by path: console.asgi.
LIVE_STREAMS = {
    "/live/": "console.live.stream.stream",
    "/live/logs/": "workloads.logs.stream.stream",
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.NONCE, CSP.STRICT_DYNAMIC],
    "style-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
# A form of 200 port rows must come back with a message beside it, not as a bare 400.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
if PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31536000

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("PODGATE_TIME_ZONE") or "UTC"
try:
    ZoneInfo(TIME_ZONE)
except (KeyError, ValueError, OSError):
    raise ImproperlyConfigured(
        f"PODGATE_TIME_ZONE={TIME_ZONE!r}: give a name such as Asia/Shanghai."
    ) from None

# One handler for everything, and no line leaves it with a credential in it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "scrubbed": {
            "()": "console.secrets.ScrubbedFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "scrubbed"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django's own handlers would print beside ours, unscrubbed.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # The SDK logs whole requests at DEBUG.
        "tencentcloud_sdk_common": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        # Celery tells of every task it receives.
        "celery": {"level": "WARNING"},
    },
}

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The folder that `manage.py collectstatic` fills: compressed, with the hash of its content in each
# name, so that browsers keep them for good. Without one they are served from where they lie.
STATIC_ROOT = os.environ.get("PODGATE_STATIC") or None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# With DEBUG Django's links carry no hash, and only the hashed files were kept.
WHITENOISE_USE_FINDERS = DEBUG or not STATIC_ROOT
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ACKS_LATE = True
# Celery would close the database around each task; console.celery sees to what broke or is old.
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Longer than any task: a task that outlives it would run a second time on a live worker.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_limit": 100,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
}
