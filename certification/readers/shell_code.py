"""What a shell or PowerShell script does, by the shape of its commands."""

import re

from certification.readers.abilities import Ability, Code, Use, joined_lines, marks_in, shell_uses

MAX_LINE = 4_000
_WRITES = re.compile(
    r">>?|\b(?:tee|cp|mv|install|ln|crontab|systemctl|launchctl|schtasks|reg|echo)\b"
)
_READS = re.compile(
    r"\b(?:cat|tar|zip|cp|base64|head|tail|gzip|xxd|find|grep|scp|rsync|curl|wget|nc)\b|<"
)
_PUBLIC = re.compile(r"\bssh-(?:keygen|keyscan|add)\b|known_hosts|\.pub\b|chmod\b|mkdir\b")


def read_shell(text: str) -> Code:
    """Every use in a script; a line that reads a secret and sends something exfiltrates it."""
    lines = joined_lines(text).split("\n")
    uses = shell_uses("\n".join(line[:MAX_LINE] for line in lines))
    sends = {use.line for use in uses if use.ability is Ability.SEND}
    dumps = {use.line for use in uses if use.ability is Ability.ENVIRONMENT}
    for number, line in enumerate(lines, 1):
        marks = marks_in(line[:MAX_LINE])
        if "secrets" in marks and _READS.search(line) and not _PUBLIC.search(line):
            uses.append(Use(Ability.SECRETS, number, "shell", line.strip()[:120]))
            if number in sends:
                uses.append(Use(Ability.EXFILTRATE, number, "shell", Ability.SECRETS.value))
        if "persistence" in marks and _WRITES.search(line):
            uses.append(Use(Ability.PERSIST, number, "shell", line.strip()[:120]))
        if number in dumps & sends:
            uses.append(Use(Ability.EXFILTRATE, number, "shell", Ability.ENVIRONMENT.value))
        if "drops" in marks:
            uses.append(Use(Ability.NETWORK, number, "shell", line.strip()[:120]))
    long = any(len(line) > MAX_LINE for line in lines)
    return Code(tuple(dict.fromkeys(uses)), "has lines too long to search" if long else "")
