"""Django's settings, derived from the Environment and nothing else."""

import os
import secrets
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from portal.core.logs import FORMATS, DefectsOnly, RouteNamed
from portal.env import BASE_DIR, PROGRAMS, read_environment

ENVIRONMENT = read_environment(os.environ)
HOME = ENVIRONMENT.home
DOCS = BASE_DIR / "docs"
"""Guides and examples that pages show."""
KEYS_DIR = ENVIRONMENT.keys_dir
BLOB_ROOT = ENVIRONMENT.blob_root
PUBLIC_URL = ENVIRONMENT.public_url
LEDGER_ORIGIN = ENVIRONMENT.origin
METRICS_TOKEN = ENVIRONMENT.metrics_token

DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
PROGRAM = ENVIRONMENT.program


def secret_key(name: str) -> str | None:
    """Return a key that signs sessions; None where there is none, and for programs that have no business with it."""
    path = KEYS_DIR / name
    entitled = PROGRAM is None or "secret_key" in PROGRAMS[PROGRAM].keys
    return path.read_text().strip() if entitled and os.access(path, os.R_OK) else None


# One that nobody knows where there is none: what it signs counts in this process only.
SECRET_KEY = secret_key("secret_key") or secrets.token_urlsafe(64)
SECRET_KEY_FALLBACKS = [former] if (former := secret_key("secret_key.former")) else []
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "csp",
    "portal.ui",
    "portal.blobs",
    "portal.ledger",
    "portal.keys",
    "portal.jobs",
    "portal.accounts",
    "portal.threads",
    "registry",
    "monitoring",
    "governance",
    "portal.reports",
    "portal.api",
    "portal.pages",
    "portal.runtime",
]

MIDDLEWARE = [
    "portal.core.proxies.TrustedProxies",  # first: what others read of address and scheme is true from here on
    "portal.pages.access.Access",
    "portal.core.caching.NothingKept",
    "portal.pages.senders.FewSenders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.pages.errors.DomainErrorPages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.ui.context.shell",
            ],
        },
    },
]


def database(url: str | None) -> dict[str, Any]:
    """Return Django's connection settings for a postgresql:// URL (`host` may be a socket folder in the query)."""
    parts = urlsplit(url or "postgresql:///countersign")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", unquote(parts.hostname or ""))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(options.pop("port", parts.port or "")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 8, "timeout": 5},
            # What is asked again and again is planned once a connection: joins of many tables take longer to plan
            # than to run (a review's page 88 ms without, 53 ms with).
            "server_side_binding": True,
            "prepare_threshold": 5,
            **options,
        },
    }


DATABASES = {"default": database(ENVIRONMENT.database_url)}
DATABASE_OWNER_URL = ENVIRONMENT.database_owner_url
DATABASE_SEQUENCER_URL = ENVIRONMENT.database_sequencer_url
# Names only; `bootstrap_roles` makes them, migrations grant to them.
DATABASE_ROLES = {
    "owner": urlsplit(DATABASE_OWNER_URL or "").username or "countersign_owner",
    "app": DATABASES["default"]["USER"] or "countersign_app",
    "sequencer": urlsplit(DATABASE_SEQUENCER_URL or "").username or "countersign_sequencer",
}
CELERY_BROKER_URL = ENVIRONMENT.broker_url

# Limits of tries are counted here. Numbers only: what a shared cache holds is never unpickled.
_redis = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": ENVIRONMENT.cache_url,
    "OPTIONS": {"serializer": "portal.accounts.counters.Numbers"},
}
CACHES = {"default": _redis if ENVIRONMENT.cache_url else {"BACKEND": "portal.accounts.counters.DatabaseCounters"}}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False
STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS: list[Any] = []
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "portal.ui.finders.PlotlyFinder",
]
WHITENOISE_USE_FINDERS = True

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = False  # ours stand in portal.core.throttles

SESSION_ENGINE = "portal.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENVIRONMENT.production
CSRF_COOKIE_SECURE = ENVIRONMENT.production
# TLS ends at a proxy: what it says of the scheme is believed only from the addresses named here.
TRUSTED_PROXIES = [ip_network(one) for one in ENVIRONMENT.trusted_proxies]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
USE_X_FORWARDED_HOST = False  # a proxy passes Host on as it came; ALLOWED_HOSTS judges it
CSRF_TRUSTED_ORIGINS = [f"https://{urlsplit(PUBLIC_URL).netloc}"] if PUBLIC_URL.startswith("https://") else []
SECURE_SSL_REDIRECT = ENVIRONMENT.production
SECURE_REDIRECT_EXEMPT = ["^(livez|readyz|metrics)$"]  # asked for by machines beside the portal, not through the proxy
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.production else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENVIRONMENT.production
SECURE_HSTS_PRELOAD = ENVIRONMENT.production
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "portal.pages.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_HANDLERS = ["portal.pages.files.RefusedFiles"]
MAX_UPLOAD_BYTES = ENVIRONMENT.max_upload_bytes

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": ["/csp-report"],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api.authentication.BearerAuthentication",
        "portal.api.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.Description",
    "DEFAULT_PAGINATION_CLASS": "portal.api.paging.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "portal.api.problems.answer",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Countersign",
    "DESCRIPTION": "Register, validate, approve and prove models.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # More than one field or shape holds these.
    "ENUM_NAME_OVERRIDES": {
        "LevelEnum": "registry.choices.Level",
        "AssessmentStateEnum": "registry.choices.AssessmentState",
        "KindEnum": ("user", "service"),
        "DocumentKindEnum": "registry.choices.DocumentKind",
        "DocumentStateEnum": "registry.choices.DocumentState",
        "FindingStateEnum": "registry.choices.FindingState",
        "CommentStateEnum": "portal.threads.choices.CommentState",
        "ColumnKindEnum": "monitoring.choices.ColumnKind",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": FORMATS[ENVIRONMENT.log_format]}},
    "filters": {"defects": {"()": DefectsOnly}, "named": {"()": RouteNamed}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},  # in place of Django's own handlers
        "django.request": {"level": "ERROR", "filters": ["defects", "named"]},
        **{
            f"django.security.{one}": {"filters": ["named"]} for one in ("csrf", "DisallowedHost", "DisallowedRedirect")
        },
        "celery": {"level": "WARNING"},
        "kombu.connection": {"level": "ERROR"},  # it warns of a pgmq:// URL without a host
        "pgmq": {"level": "WARNING"},
    },
}
