"""Settings every environment shares. The environment is read here and nowhere else."""

import os
from pathlib import Path
from typing import Any

import dj_database_url

from marketplace.settings import environment, logs

BASE_DIR = Path(__file__).resolve().parents[2]

ASSAY_HOME = environment.folder(os.environ, "ASSAY_HOME", BASE_DIR / ".assay")
ASSAY_PORT = environment.port(os.environ)
ASSAY_PUBLIC_URL = (os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{ASSAY_PORT}").rstrip("/")
ASSAY_SIGSTORE_TRUST_CONFIG = os.environ.get("SIGSTORE_TRUST_CONFIG", "")
ASSAY_SIGSTORE_IDENTITY = os.environ.get("SIGSTORE_IDENTITY", "")
ASSAY_SIGSTORE_ISSUER = os.environ.get("SIGSTORE_ISSUER", "")
ASSAY_SIGNING_DIR = ASSAY_HOME / "keys"
ASSAY_SANDBOX = "certification.sandbox.bubblewrap.BubblewrapSandbox"
ASSAY_SANDBOX_HOME = ASSAY_HOME / "sandbox"
ASSAY_LOCAL = False

SECRET_KEY = os.environ.get("SECRET_KEY", "")
DEBUG = False
ALLOWED_HOSTS = environment.items(os.environ, "ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [ASSAY_PUBLIC_URL]
DATABASE_URL = os.environ.get("DATABASE_URL", "")
BROKER_URL = os.environ.get("BROKER_URL", "")
BLOB_STORE_URL = os.environ.get("BLOB_STORE_URL") or (ASSAY_HOME / "blobs").as_uri()
CACHE_URL = os.environ.get("CACHE_URL", "")

INSTALLED_APPS = [
    "registry",
    "certification",
    "marketplace",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "rules.apps.AutodiscoverRulesConfig",
    "pgtrigger",
    "csp",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"assay": "marketplace.web.tags"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.web.context.site",
            ],
        },
    },
]


def database(url: str) -> dict[str, Any]:
    """A DATABASES entry; connections live a minute and are probed before they are reused."""
    return dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))


DATABASES: dict[str, dict[str, Any]] = {"default": database(DATABASE_URL)} if DATABASE_URL else {}

CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}


def file_storage(folder: Path) -> dict[str, Any]:
    """A STORAGES entry for files on this machine."""
    return environment.storage_from_url(folder.as_uri())


STORAGES: dict[str, dict[str, Any]] = {
    "default": file_storage(ASSAY_HOME / "files"),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "blobs": environment.storage_from_url(BLOB_STORE_URL),
    "uploads": file_storage(ASSAY_HOME / "uploads"),
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT: Path | None = environment.folder(
    os.environ, "STATIC_ROOT", BASE_DIR / "static-collected"
)
# Parts of an upload pass through memory one at a time; anything larger is refused early.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Assay"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "marketplace.web.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "marketplace.api.v1.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "marketplace.api.v1.errors.problem_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Assay",
    "DESCRIPTION": "A certified marketplace for AI agents and models.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "VersionState": "marketplace.api.v1.serializers.versions.STATES",
        "UploadState": "registry.models.UploadState",
        "StageState": "certification.models.StageState",
        "WithdrawnState": "marketplace.api.v1.serializers.proofs.WITHDRAWN_STATES",
    },
}

# Longer than any task may run, so that a message is not delivered twice while it is worked on;
# the lease row in Postgres decides in any case.
BROKER_VISIBILITY_SECONDS = 900


def broker(url: str) -> dict[str, Any]:
    """The Celery settings that depend on the kind of broker."""
    if url.startswith(("amqp://", "amqps://")):
        return {
            "CELERY_BROKER_URL": url,
            "CELERY_BROKER_TRANSPORT_OPTIONS": {"confirm_publish": True},
            "CELERY_TASK_DEFAULT_QUEUE_TYPE": "quorum",
            "CELERY_WORKER_DETECT_QUORUM_QUEUES": True,
        }
    return {
        "CELERY_BROKER_URL": url,
        "CELERY_BROKER_TRANSPORT_OPTIONS": {
            "visibility_timeout": BROKER_VISIBILITY_SECONDS,
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 5,
            "health_check_interval": 25,
        },
    }


vars().update(broker(BROKER_URL))
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = BROKER_VISIBILITY_SECONDS - 60
CELERY_TASK_TIME_LIMIT = BROKER_VISIBILITY_SECONDS - 30
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "default"
# A stage names its own queue when it is dispatched; these catch the rest by name.
CELERY_TASK_ROUTES = {
    "certification.tasks.scan*": {"queue": "scan"},
    "certification.tasks.sandbox*": {"queue": "sandbox"},
    "certification.tasks.provenance*": {"queue": "provenance"},
    "certification.tasks.sign*": {"queue": "sign"},
}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "certification.tasks.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "forget-answers": {"task": "certification.tasks.forget", "schedule": 86_400.0},
    "collect-orphans": {"task": "registry.tasks.collect_orphans", "schedule": 3600.0},
    "project-listings": {
        "task": "marketplace.tasks.project_listings",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}

LOGGING = logs.configuration(as_json=True)
