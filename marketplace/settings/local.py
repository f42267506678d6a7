"""What `make run` uses: everything on this machine, embedded services unless URLs are given."""

from marketplace.local.places import Places
from marketplace.settings import logs
from marketplace.settings.base import *

ASSAY_LOCAL = True
_places = Places(ASSAY_HOME)

SECRET_KEY = SECRET_KEY or _places.secret_key()
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *ALLOWED_HOSTS]
CSRF_TRUSTED_ORIGINS = [ASSAY_PUBLIC_URL, f"http://localhost:{ASSAY_PORT}"]
DATABASES = {"default": database(DATABASE_URL or _places.database_url("assay"))}
vars().update(broker(BROKER_URL or _places.broker_url))

# Files are served from where they lie: nothing to collect on a developer's machine.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
LOGGING = logs.configuration(as_json=False)
