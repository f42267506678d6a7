"""What people and scripts see: words on stderr, results on stdout."""

import json
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape as escape_markup
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from assay.faults import FaultError

_words = Console(stderr=True, highlight=False)
_results = Console(highlight=False, soft_wrap=True)
_MARKS = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "errored": "[yellow]?[/]"}


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """The text with what could steer a terminal or hide from its reader spelled out: much of what
    is shown was written by strangers."""
    return "".join(
        f"\\u{ord(char):04x}" if unicodedata.category(char) in _UNSEEN and char != "\n" else char
        for char in text
    )


def escape(text: str) -> str:
    """For rich: visible, and no markup."""
    return escape_markup(visible(text))


def say(text: str) -> None:
    """A word on what is going on."""
    _words.print(escape(text))


def fault(text: str) -> None:
    """Why a command failed."""
    _words.print(f"[red]✗[/] {escape(text)}")


def result(data: object, *, as_json: bool, text: str) -> None:
    """The outcome: one JSON document, or a text."""
    if as_json:
        typer.echo(json.dumps(data, indent=2))
    else:
        _results.print(escape(text))


def table(rows: list[dict[str, Any]], columns: dict[str, str]) -> None:
    """Rows under headings (key -> heading)."""
    grid = Table(box=None, pad_edge=False)
    for heading in columns.values():
        grid.add_column(heading)
    for row in rows:
        grid.add_row(*(escape(str(row.get(key) or "")) for key in columns))
    _results.print(grid)


def check(answer: dict[str, Any]) -> None:
    """One check that has answered, with its findings."""
    mark = _MARKS.get(answer["outcome"], "[dim]·[/]")
    _words.print(f"{mark} {escape(answer['stage']):<11} {escape(answer['title'])}")
    if answer.get("incomplete"):
        _words.print(f"    [yellow]{escape(answer['incomplete'])}[/]")
    for finding in answer["findings"]:
        if finding["level"] != "note":
            place = (finding.get("location") or {}).get("path", "")
            _words.print(f"    [red]{escape(finding['rule'])}[/] {escape(place)}")
            _words.print(f"    {escape(finding['message'])}")
            if finding.get("fix"):
                _words.print(f"    [dim]Fix: {escape(finding['fix'])}[/]")


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar in bytes; silent where stderr is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(
        *columns, console=_words, transient=True, disable=not _words.is_terminal
    ) as progress:
        task = progress.add_task(label, total=total)
        try:
            yield lambda count: progress.advance(task, count)
        except KeyboardInterrupt as stop:
            raise FaultError("Stopped. Run the command again to go on.") from stop
