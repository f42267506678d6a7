"""Profile a CSV file given as argument, or a built-in sample when there is none."""

import csv
import io
import json
import sys

SAMPLE = "name,amount\nada,3\ngrace,\n"


def profile(lines):
    rows = list(csv.DictReader(lines))
    columns = rows[0].keys() if rows else []
    return {
        column: {
            "values": len({row[column] for row in rows}),
            "missing": sum(not row[column] for row in rows),
            "numeric": all(row[column].isdigit() for row in rows if row[column]),
        }
        for column in columns
    }


def main():
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8", newline="") as lines:
            result = profile(lines)
    else:
        result = profile(io.StringIO(SAMPLE))
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
