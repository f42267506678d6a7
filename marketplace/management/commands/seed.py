"""`manage.py seed`: sign-ins for a local installation, and the examples."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.services import seeding


class Command(BaseCommand):
    help = "Create local sign-ins (--identity) and publish the examples (--examples)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--identity", action="store_true", help="people, tokens, credentials")
        parser.add_argument("--examples", action="store_true", help="publish examples/")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ASSAY_LOCAL:
            raise CommandError("seed writes passwords to a file: it runs in local mode only.")
        if options["identity"]:
            seeding.seed_identity(
                settings.ASSAY_HOME / "credentials.json", url=settings.ASSAY_PUBLIC_URL
            )
        if options["examples"]:
            for name, _, outcome in seeding.publish_examples():
                self.stdout.write(f"{name} {outcome}")
