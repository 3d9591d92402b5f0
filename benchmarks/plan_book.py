"""What the plan book costs: `python -m benchmarks.plan_book FOLDER --year 2026 --chapters 500`.

Makes the company's book of the installed database as its first person in management reads it, for at
most ``--seconds``; called again with the same folder it goes on. Then joins the finished plans, over
and over until there are ``--chapters`` of them. Prints seconds of our part and of the layout, and the
peak memory of this process and of its largest child.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kam.settings.development")
    import django

    django.setup()
    from django.utils import translation

    from kam.models import Role, User
    from kam.pdf import Chapter, join
    from plans.reports import book

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("folder", type=Path)
    parser.add_argument("--year", type=int, required=True)
    parser.add_argument("--chapters", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=600)
    asked = parser.parse_args()
    translation.activate("en")
    user = User.objects.people().filter(role=Role.MANAGEMENT).order_by("pk").first()
    began = time.perf_counter()
    try:
        made = book.make_book(
            user, "plan_book", None, asked.year, asked.folder, turn_seconds=asked.seconds
        )
        _say(f"book: {len(made.chapters)} plans, {made.pages} pages")
    except book.TurnOver:
        _say("book: not finished in its time; the plans laid out so far are used")
    _say(f"this turn {time.perf_counter() - began:.0f} s")
    done = [json.loads(file.read_text()) for file in sorted(asked.folder.glob("[0-9]*.json"))]
    ours, layout = (sum(row[name] for row in done) for name in ("ours", "layout"))
    pages = sum(row["pages"] for row in done)
    _say(
        f"laid out: {len(done)} plans, {pages} pages; our part {ours:.1f} s, layout {layout:.1f} s "
        f"({ours / layout:.1%})"
    )
    files = [file for file in sorted(asked.folder.glob("[0-9]*.pdf")) if file.stem.isdigit()]
    chapters = [
        Chapter(files[at % len(files)], f"Account {at + 1}") for at in range(asked.chapters)
    ]
    front = asked.folder / "front.pdf"
    began = time.perf_counter()
    count = join(front if front.exists() else files[0], chapters, asked.folder / "many.pdf")
    size = (asked.folder / "many.pdf").stat().st_size
    _say(
        f"joined: {len(chapters)} chapters, {count} pages, {size / 1e6:.0f} MB "
        f"in {time.perf_counter() - began:.0f} s"
    )
    mine, child = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    largest = max((row["peak_bytes"] for row in done), default=0) / 2**20
    _say(f"peak memory: this process {mine:.0f} MB, largest child {max(child, largest):.0f} MB")


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main()
