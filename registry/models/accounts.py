"""Who acts: people, organisations, namespaces and the tokens of machines."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class StaffRole(models.TextChoices):
    """Roles in the marketplace itself, apart from any organisation."""

    NONE = "", "none"
    REVIEWER = "reviewer", "Reviewer"
    AUDITOR = "auditor", "Auditor"
    OPERATOR = "operator", "Operator"


class User(AbstractUser):
    """A person. Django's own `is_staff` and permissions are not used: see `staff_role`."""

    email = models.EmailField(unique=True)
    staff_role = models.CharField(
        max_length=16, choices=StaffRole.choices, default=StaffRole.NONE, blank=True
    )

    class Meta:
        ordering = ["username"]


class Organisation(models.Model):
    """Who owns namespaces and packages, or installs them."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    members = models.ManyToManyField(
        User, through="Membership", related_name="organisations", blank=True
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class OrganisationRole(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    PUBLISHER = "publisher", "Publisher"
    MEMBER = "member", "Member"
    AUDITOR = "auditor", "Auditor"


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=16, choices=OrganisationRole.choices)

    class Meta:
        ordering = ["organisation", "user"]
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation"], name="one_membership_each")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation} as {self.role}"


class Namespace(models.Model):
    """The first part of package names, owned by one organisation."""

    name = models.CharField(max_length=40, unique=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="namespaces"
    )
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TokenQuerySet(models.QuerySet["Token"]):
    def live(self) -> "TokenQuerySet":
        """Tokens that are neither revoked nor expired now."""
        return self.filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now()),
            revoked_at=None,
            user__is_active=True,
        )


class Token(models.Model):
    """A machine's credential. Only the sha256 of the secret is kept; `hint` is shown in lists."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=16)
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
