"""Settings of the tests, and of tools that only import the project: importing touches nothing."""

import os
import tempfile
from pathlib import Path

from marketplace.local.places import Places
from marketplace.settings import logs
from marketplace.settings.base import *

# Processes that a test starts share the folder of the run that started them.
ASSAY_HOME = Path(
    os.environ.get("ASSAY_TEST_HOME") or Path(tempfile.gettempdir()) / f"assay-test-{os.getpid()}"
)
_places = Places(ASSAY_HOME)

ASSAY_LOCAL = True
ASSAY_SIGNING_DIR = ASSAY_HOME / "keys"
ASSAY_SANDBOX_HOME = ASSAY_HOME / "sandbox"
SECRET_KEY = "only-for-tests-" + "0" * 50
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
# A live server's threads must not keep the database from being dropped.
DATABASES = {
    "default": {**database(DATABASE_URL or _places.database_url("assay")), "CONN_MAX_AGE": 0}
}
vars().update(broker(BROKER_URL or _places.broker_url))
STORAGES = {
    "default": file_storage(ASSAY_HOME / "files"),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "blobs": file_storage(ASSAY_HOME / "blobs"),
    "uploads": file_storage(ASSAY_HOME / "uploads"),
}
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS = False
LOGGING = logs.configuration(as_json=False, level="WARNING")
