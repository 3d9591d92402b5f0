"""Production: refuses to start half configured, and takes every secret from the environment.

What each variable means, and an example of all of them: docs/deploying.md.
"""

import os

from django.core.exceptions import ImproperlyConfigured

HOW_TO_MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(64))'"
REQUIRED = {
    "KAM_SECRET_KEY": "Set KAM_SECRET_KEY to a long random text that nobody else knows: "
    + HOW_TO_MAKE_A_KEY,
    "KAM_ALLOWED_HOSTS": "Set KAM_ALLOWED_HOSTS to the host names that people type to reach KAM, "
    "separated by commas: kam.example.com",
    "DATABASE_URL": "Set DATABASE_URL to the PostgreSQL database that holds KAM's data: "
    "postgres://USER:PASSWORD@HOST:5432/NAME",
    "REDIS_URL": "Set REDIS_URL to the Redis or Valkey server for cache and background work: "
    "redis://:PASSWORD@HOST:6379/0",
}

# Checked before base settings, whose defaults are the embedded servers of a person's own machine.
for _name, _sentence in REQUIRED.items():
    if not os.environ.get(_name, "").strip():
        raise ImproperlyConfigured(_sentence)

from .base import *  # noqa: E402, F403
from .base import env  # noqa: E402

SECRET_KEY = env("KAM_SECRET_KEY")
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5:
    raise ImproperlyConfigured(
        "KAM_SECRET_KEY is too easy to guess: set at least 50 random characters, made by "
        + HOW_TO_MAKE_A_KEY
    )
# The key before the last change: sessions and links signed with it stay good until it goes.
SECRET_KEY_FALLBACKS = env.list("KAM_SECRET_KEY_FALLBACKS", default=[])

ALLOWED_HOSTS = [host.strip() for host in env.list("KAM_ALLOWED_HOSTS") if host.strip()]
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "KAM_ALLOWED_HOSTS may not be *: name the hosts, such as kam.example.com"
    )
DEBUG = False

# --- HTTPS ------------------------------------------------------------------------------------------
# KAM_HTTPS=0 is for trying the containers on one's own machine without a certificate.
HTTPS = env.bool("KAM_HTTPS", default=True)
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SECURE_HSTS_SECONDS = env.int("KAM_HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("KAM_HSTS_SUBDOMAINS", default=True)
# Only a hint to browsers' makers: the domain is not listed before its owner asks for it.
SECURE_HSTS_PRELOAD = env.bool("KAM_HSTS_PRELOAD", default=True)
# Only a proxy that overwrites this header may be trusted with it.
if env.bool("KAM_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = env.int("KAM_PROXY_COUNT", default=1)
SITE_URL = env(
    "KAM_SITE_URL",
    default=f"{'https' if HTTPS else 'http'}://{ALLOWED_HOSTS[0].lstrip('.')}",
)
CSRF_TRUSTED_ORIGINS = env.list("KAM_TRUSTED_ORIGINS", default=[])

# --- mail -------------------------------------------------------------------------------------------
# smtp+tls://USER:PASSWORD@HOST:587 ; without it, mail is written to the log and reaches nobody.
_mail = env.email_url("KAM_EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
DEFAULT_FROM_EMAIL = env("KAM_FROM_EMAIL", default=f"kam@{ALLOWED_HOSTS[0].lstrip('.')}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- log: to standard output, one line per event ----------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        }
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stdout"], "level": env("KAM_LOG_LEVEL", default="INFO")},
    "loggers": {
        # Without Django's own handlers, so that no line comes twice and none by mail.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
