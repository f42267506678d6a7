"""Bills of materials: made once while a version's bytes are at hand, and kept."""

from django.db import transaction

from certification import sbom
from certification.models import BilledComponent, BillOfMaterials
from certification.readers.dependencies import dependencies_of
from certification.readers.model_facts import facts_of
from certification.types import Subject
from registry.models import Version


@transaction.atomic
def keep(version: Version, subject: Subject) -> bool:
    """Make and store the bill of a version; false when it has one already."""
    if BillOfMaterials.objects.filter(version=version).exists():
        return False
    found = dependencies_of(subject)
    document = sbom.bill_of_materials(subject, found.components, facts_of(subject))
    BillOfMaterials.objects.create(version=version, document=document, digest=sbom.digest(document))
    released = {
        (one.ecosystem.value, one.name, one.version) for one in found.components if one.version
    }
    BilledComponent.objects.bulk_create(
        BilledComponent(version=version, ecosystem=ecosystem, name=name, release=release)
        for ecosystem, name, release in sorted(released)
    )
    return True
