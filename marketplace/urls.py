"""All routes. Faces own theirs; this file only says where each begins."""

from django.urls import include, path, re_path

from marketplace.api import health, trust
from marketplace.api.v1.endpoint import Unknown

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("trust/trusted_root.json", trust.trusted_root, name="trusted-root"),
    path("trust/trust_config.json", trust.trust_config, name="trust-config"),
    path("trust/identity.json", trust.identity, name="trust-identity"),
    path("api/v1/", include("marketplace.api.v1.urls")),
    re_path("^api/", Unknown.as_view(), name="api-unknown"),
    path("accounts/", include("allauth.urls")),
    path("portal/", include("marketplace.web.portal.urls")),
    path("review/", include("marketplace.web.review.urls")),
    path("", include("marketplace.web.storefront.urls")),
]

handler400 = "marketplace.web.errors.bad_request"
handler403 = "marketplace.web.errors.forbidden"
handler404 = "marketplace.web.errors.not_found"
handler500 = "marketplace.web.errors.server_error"
