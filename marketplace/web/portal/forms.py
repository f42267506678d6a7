"""What people type in the portal."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from registry.domain.tokens import Scope

_LIFETIMES = (("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("never", "Never"))
_SCOPES = (
    (Scope.READ.value, "Read: packages, versions, reports"),
    (Scope.INSTALL.value, "Install: manifests and files"),
    (Scope.PUBLISH.value, "Publish: upload and publish versions"),
    (Scope.REVIEW.value, "Review: decide on versions (reviewers only)"),
)


class TokenForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name", help_text="Where it will be used.")
    scopes = forms.MultipleChoiceField(
        choices=_SCOPES, widget=forms.CheckboxSelectMultiple, label="May be used to"
    )
    lifetime = forms.ChoiceField(choices=_LIFETIMES, initial="90", label="Expires after")

    def expires_at(self) -> datetime | None:
        """When the token ends; None for never."""
        chosen = self.cleaned_data["lifetime"]
        return None if chosen == "never" else timezone.now() + timedelta(days=int(chosen))

    def chosen_scopes(self) -> list[Scope]:
        """The ticked scopes."""
        return [Scope(value) for value in self.cleaned_data["scopes"]]


class OrganisationForm(forms.Form):
    name = forms.CharField(max_length=120, label="Name", help_text="As people know it.")
    slug = forms.CharField(
        max_length=40, label="Short name", help_text="Lower-case letters, digits and hyphens."
    )
