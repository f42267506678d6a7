"""`python -m bench NAME [OPTIONS...]`: measure; without a name, say what can be measured."""

import sys

from bench import fuzz, scan, transfer

BENCHMARKS = {
    "transfer": (transfer.main, "upload, certify and download through the running product"),
    "scan": (scan.main, "the scan stage: recall and false positives on a corpus, speed, memory"),
    "fuzz": (fuzz.main, "mutated files against every reader: crashes, hangs, memory"),
}


def main() -> None:
    """Run the benchmark that the first argument names, with the others."""
    name, arguments = sys.argv[1:2], sys.argv[2:]
    if not name or name[0] not in BENCHMARKS:
        for known, (_, purpose) in BENCHMARKS.items():
            print(f"{known:10} {purpose}")
        sys.exit(2 if name else 0)
    sys.argv = [f"python -m bench {name[0]}", *arguments]
    BENCHMARKS[name[0]][0]()


if __name__ == "__main__":
    main()
