"""Probes of the orchestrator: is the process alive, and can it do its work."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from marketplace.celery import app

BROKER_PROBE_SECONDS = 2.0


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process answers; touches neither database nor broker."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database and broker answer, else 503; the body names which one does not."""
    answers = {"database": _database(), "broker": _broker()}
    ready = all(answers.values())
    body = {name: "ok" if good else "unreachable" for name, good in answers.items()}
    return JsonResponse(body, status=200 if ready else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    try:
        with app.connection_for_write(connect_timeout=BROKER_PROBE_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_PROBE_SECONDS)
    except (OperationalError, OSError):
        return False
    return True
