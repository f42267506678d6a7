"""What a verifier needs to know of this marketplace, at fixed addresses."""

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from certification.services import trust


@require_safe
@cache_control(public=True, no_cache=True)
@conditional_page
def trusted_root(request: HttpRequest) -> HttpResponse:
    """Sigstore trusted_root.json."""
    return HttpResponse(trust.trusted_root(), content_type="application/json")


@require_safe
@cache_control(public=True, no_cache=True)
@conditional_page
def trust_config(request: HttpRequest) -> HttpResponse:
    """Sigstore ClientTrustConfig, for `sigstore --trust-config`."""
    return HttpResponse(trust.trust_config(), content_type="application/json")


@require_safe
@cache_control(public=True, no_cache=True)
@conditional_page
def identity(request: HttpRequest) -> HttpResponse:
    """The certificate identity and issuer to demand of every bundle."""
    return HttpResponse(json.dumps(trust.identity()), content_type="application/json")
