"""`manage.py import_advisories DUMP`: OSV records from a zip, a tar, a folder or one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from certification.readers.advisory_dumps import DumpError
from certification.services import advising


class Command(BaseCommand):
    help = "Import advisories (osv.dev all.zip, pypa/advisory-database) and re-match what is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "dump", type=Path, help="zip of JSON, tar or folder of YAML, or a record"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        dump: Path = options["dump"]
        try:
            counts = advising.import_dump(dump)
        except (DumpError, OSError) as fault:
            raise CommandError(f"{dump} could not be imported: {fault}") from fault
        for problem in counts.problems:
            self.stderr.write(problem)
        self.stdout.write(
            f"{counts.new} new, {counts.changed} changed, {counts.unchanged} unchanged, "
            f"{counts.other} of other ecosystems, {counts.unreadable} unreadable; "
            f"{counts.affected} versions are newly affected."
        )
