"""The catalogue's projection of a package and its newest approved version."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVectorField
from django.db import models

from registry.models import Package, Version


class ListingQuerySet(models.QuerySet["Listing"]):
    def matching(self, text: str) -> "ListingQuerySet":
        """Listings that match a web-style query, best first; all of them for an empty one."""
        if not text.strip():
            return self
        query = SearchQuery(text[:200], search_type="websearch", config="english")
        fuzzy = models.Q(name__icontains=text.strip()[:100])
        return (
            self.annotate(rank=SearchRank(models.F("search"), query))
            .filter(models.Q(search=query) | fuzzy)
            .order_by("-rank", "name")
        )


class Listing(models.Model):
    """One row a package with an approved version; rebuilt from the registry at any time."""

    package = models.OneToOneField(Package, on_delete=models.CASCADE, related_name="listing")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    namespace = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8)
    format = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=500, blank=True)
    licence = models.CharField(max_length=100, blank=True)
    approved_at = models.DateTimeField()
    search = SearchVectorField(null=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        ordering = ["-approved_at", "-id"]
        indexes = [
            GinIndex(fields=["search"]),
            models.Index(fields=["kind", "format", "-approved_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
