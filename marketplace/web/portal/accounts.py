"""Tokens, organisations and namespaces of whoever is signed in."""

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.web.access import actor, require, told, typed
from marketplace.web.portal.forms import OrganisationForm, TokenForm
from registry.domain.problems import ProblemError
from registry.models import Membership, Organisation, OrganisationRole, Token
from registry.services import accounts as account_services
from registry.services import tokens as token_services

_ONCE = "new_token"
_ADMINISTERING = {OrganisationRole.OWNER, OrganisationRole.ADMIN}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens one has, and a form for another; its secret is shown once, after a redirect."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = token_services.issue(
                actor(request),
                name=form.cleaned_data["name"],
                scopes=form.chosen_scopes(),
                actor=actor(request),
                expires_at=form.expires_at(),
            )
        except ProblemError as fault:
            form.add_error(None, fault.detail)
        else:
            request.session[_ONCE] = secret
            return redirect("portal:tokens")
    context = {
        "form": form,
        "secret": request.session.pop(_ONCE, ""),
        "tokens": Token.objects.live().filter(user=actor(request)),
    }
    return render(request, "portal/tokens.html", context, status=_status(form))


@login_required
@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token of one's own."""
    with told(request, "The token no longer works."):
        token_services.revoke(token_id, actor=actor(request))
    return redirect("portal:tokens")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisations(request: HttpRequest) -> HttpResponse:
    """The organisations one belongs to, their members and namespaces, and a form for another."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account_services.create_organisation(**form.cleaned_data, actor=actor(request))
        except ProblemError as fault:
            form.add_error("slug", fault.detail)
        else:
            return redirect("portal:organisations")
    memberships = (
        Membership.objects.filter(user=actor(request))
        .select_related("organisation")
        .prefetch_related(
            "organisation__namespaces",
            Prefetch("organisation__memberships", Membership.objects.select_related("user")),
        )
    )
    context = {"form": form, "memberships": memberships, "administering": _ADMINISTERING}
    return render(request, "portal/organisations.html", context, status=_status(form))


@login_required
@require_POST
def claim(request: HttpRequest, slug: str) -> HttpResponse:
    """Claim a free namespace for an organisation one administers."""
    organisation = get_object_or_404(Organisation, slug=slug)
    require(request, "administer", organisation)
    name = typed(request.POST, "name")
    with told(request, f"The namespace “{name}” now belongs to {organisation.name}."):
        account_services.claim_namespace(organisation, name, actor=actor(request))
    return redirect("portal:organisations")


def _status(form: TokenForm | OrganisationForm) -> int:
    return 400 if form.is_bound and form.errors else 200
