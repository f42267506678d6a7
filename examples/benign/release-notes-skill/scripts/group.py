"""Count the changes of a list by their leading word: `python group.py changes.txt`."""

import sys
from collections import Counter


def main(arguments):
    if not arguments:
        print("usage: group.py FILE")
        return 0
    with open(arguments[0], encoding="utf-8") as changes:
        counts = Counter(line.split(":", 1)[0].strip() for line in changes if line.strip())
    for group, count in counts.most_common():
        print(f"{count:4} {group}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
