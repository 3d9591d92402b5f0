"""`make bench`: python -m benchmarks --scale 100000

Each scale gets a scratch database of its own beside the one that DATABASE_URL names; it is dropped at
the end. Times are printed and not judged, except in words; a page with more queries than its limit
makes the exit code 1.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

SMALL = 1_000
CACHE_DATABASE = "9"  # of the Redis server: apart from what else uses it


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", type=int, default=100_000, help="accounts")
    parser.add_argument(
        "--keep", action="store_true", help="keep the filled database; use a kept one"
    )
    parser.add_argument("--only", default="", help="pages whose name contains this")
    parser.add_argument("--pages-only", action="store_true", help="no import and no PDF")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        options.one.write_text(json.dumps(measure_one(options)))
        return 0
    results = {}
    for scale in sorted({min(SMALL, options.scale), options.scale}):
        results[scale] = in_scratch_database(scale, options)
    return print_tables(results, options.scale)


# --- one scale, in a process of its own -----------------------------------------------------------
def in_scratch_database(scale: int, options: argparse.Namespace) -> dict[str, Any]:
    """Makes the scratch database and measures in a child process that knows no other one."""
    from kam import embedded

    database, redis = embedded.urls()
    database = os.environ.get("DATABASE_URL") or database
    redis = os.environ.get("REDIS_URL") or redis
    name = f"kam_bench_{scale}"
    made = create_database(database, name, keep=options.keep)
    environment = {
        **os.environ,
        "DATABASE_URL": with_path(database, name),
        "REDIS_URL": with_path(redis, CACHE_DATABASE),
        "DJANGO_SETTINGS_MODULE": "kam.settings.development",
        "KAM_DEMO": "0",
        "KAM_BENCH_FILLED": "0" if made else "1",
    }
    try:
        with tempfile.TemporaryDirectory() as directory:
            environment["KAM_MEDIA_ROOT"] = directory
            out = Path(directory) / "result.json"
            command = [sys.executable, "-m", "benchmarks", "--scale", str(scale), "--one", str(out)]
            command += ["--only", options.only]
            command += ["--pages-only"] if options.pages_only else []
            subprocess.run(command, env=environment, check=True)
            measured = json.loads(out.read_text())
    except BaseException:
        if not (options.keep and is_filled(database, name)):
            drop_database(database, name)
        raise
    if not options.keep:
        drop_database(database, name)
    return measured


def with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))


def _statement(database: str, text: str) -> list[tuple]:
    import psycopg2

    connection = psycopg2.connect(database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def create_database(database: str, name: str, *, keep: bool) -> bool:
    """Whether a new, empty database was made."""
    there = _statement(database, f"SELECT 1 FROM pg_database WHERE datname = '{name}'")
    if there and keep:
        return False
    drop_database(database, name)
    _statement(database, f'CREATE DATABASE "{name}"')
    return True


def is_filled(database: str, name: str) -> bool:
    """Whether a kept database has everything; its last table says so."""
    found = _statement(with_path(database, name), "SELECT to_regclass('bench_world')")
    return found[0][0] is not None


def drop_database(database: str, name: str) -> None:
    _statement(database, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def say(text: str) -> None:
    print(text, flush=True)


def timed(name: str, act: Any, facts: dict[str, float]) -> Any:
    began = time.monotonic()
    found = act()
    facts[name] = time.monotonic() - began
    say(f"  {name}: {facts[name]:.1f} s")
    return found


def measure_one(options: argparse.Namespace) -> dict[str, Any]:
    import dataclasses

    import django

    django.setup()
    from django.core.cache import cache
    from django.core.management import call_command
    from django.db import connection

    from accounts.services import rebuild_account_years
    from benchmarks.filling import World, fill
    from benchmarks.portfolio import fill_portfolio
    from kam.periods import company_today
    from kam.running import collect_static_files
    from plans.services.portfolios import rebuild_portfolios
    from portfolio.services.scoring import score_night

    cache.clear()
    collect_static_files()
    say(f"{options.scale:,} accounts")
    facts: dict[str, float] = {}
    call_command("migrate", verbosity=0)  # a kept database may be older than the code
    if os.environ["KAM_BENCH_FILLED"] == "0":
        world = timed("fill", lambda: fill(options.scale), facts)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_world (content text)")
            cursor.execute(
                "INSERT INTO bench_world VALUES (%s)", [json.dumps(dataclasses.asdict(world))]
            )
        timed("compute all accounts' years", rebuild_account_years, facts)
        timed("compute all portfolios", rebuild_portfolios, facts)
        timed("fill the portfolio", lambda: fill_portfolio(company_today()), facts)
        timed("score every account", score_night, facts)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT content FROM bench_world")
            world = World(**json.loads(cursor.fetchone()[0]))
    result = {
        "facts": facts,
        "world": dataclasses.asdict(world),
        **measure_pages(world, options.only),
    }
    if not options.pages_only:
        result["commands"] = measure_commands(world)
    cache.clear()
    return result


def measure_pages(world: Any, only: str) -> dict[str, Any]:
    from django.test import Client

    from benchmarks import measuring
    from benchmarks.pages import pages
    from kam.models import ApiToken, User

    rows = []
    with measuring.web_server() as port:
        clients, headers, tokens = {}, {}, {}
        for who in ("kam", "leader", "management", "administrator", "contributor"):
            user = User.objects.get(pk=getattr(world, who))
            clients[who] = Client()
            clients[who].force_login(user, backend="kam.auth.ShellBackend")
            cookie = clients[who].cookies["sessionid"].value
            headers[who] = {"Cookie": f"sessionid={cookie}", "Accept-Encoding": "gzip"}
            tokens[who] = {"Authorization": f"Bearer {ApiToken.issue(user, 'bench')[1]}"}
        empty = measuring.Visitor(port).median("/healthz").milliseconds
        for page in pages(world):
            url = page.url
            if url is None or only.lower() not in page.name.lower():
                continue
            with_headers = tokens[page.who] if page.is_api else headers[page.who]
            extra = {"HX-Request": "true"} if page.htmx else {}
            visitor = measuring.Visitor(port, {**with_headers, **extra})
            answer = visitor.median(url)
            row = {
                "name": page.name, "who": page.who, "url": url, "status": answer.status,
                "ms": answer.milliseconds, "least": answer.least, "limit_ms": page.limit_ms, "limit_queries": page.queries,
                "is_list": page.is_list,
            }  # fmt: skip
            if answer.status == 200:
                client = Client() if page.is_api else clients[page.who]
                asked = measuring.queries(
                    client, url, {**(tokens[page.who] if page.is_api else {}), **extra}
                )
                row["queries"] = len(asked)
                if len(asked) > page.queries:
                    row["statements"] = measuring.shortened(asked)
                row["raw"], row["packed"] = measuring.weights(visitor, url)
                row["sql_ms"] = measuring.sql_median(page.floor) if page.floor else None
            rows.append(row)
        assets = measuring.assets_weight(measuring.Visitor(port, headers["kam"]), "/")
    return {"pages": rows, "empty_ms": empty, "assets": assets}


def measure_commands(world: Any) -> list[dict[str, Any]]:
    """The import of 100,000 new sales facts; two PDF reports."""
    from accounts.models import Product, SalesFact
    from benchmarks import measuring
    from kam.periods import company_today, company_year, month_of

    found = []
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "facts.csv"
        month = month_of(company_today())
        # This month, of products that have no facts in it: a kept database was imported into before.
        sold = SalesFact.objects.filter(month=month).values("product")
        numbers = Product.objects.exclude(pk__in=sold).order_by("number")
        with file.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(
                ["account", "product", "month", "currency", "revenue", "cost", "volume"]
            )
            count = 0
            for number in numbers.values_list("number", flat=True):
                for account in range(world.accounts):
                    if count == 100_000:
                        break
                    writer.writerow(
                        [f"A{20 + account}", number, month, "EUR", f"{count % 977}.50", "10", "1"]
                    )
                    count += 1
        for name in (
            "Import of 100,000 sales facts",
            "The same file again",
        ):
            seconds, memory, code = measuring.command("import_data", "sales_facts", str(file))
            found.append({"name": name, "seconds": seconds, "memory": memory, "code": code,
                          "rows": count, "limit_s": 60, "limit_mb": 500})  # fmt: skip
        seconds, memory, code = measuring.command("score")
        found.append({"name": "Score every account again", "seconds": seconds, "memory": memory,
                      "code": code, "limit_s": 60, "limit_mb": 500})  # fmt: skip
        year = str(company_year().year)
        for name, arguments in (
            ("PDF of a KAM's portfolio", ("kam", str(world.kam))),
            ("PDF of an account's plan", ("account", str(world.account))),
            ("PDF of the company", ("company",)),
        ):
            out = str(Path(directory) / "report.pdf")
            seconds, memory, code = measuring.command(
                "export_pdf", *arguments, "--year", year, "--output", out
            )
            found.append({"name": name, "seconds": seconds, "memory": memory, "code": code,
                          "limit_s": None, "limit_mb": None})  # fmt: skip
    return found


# --- what is printed ------------------------------------------------------------------------------
def print_tables(results: dict[int, dict[str, Any]], scale: int) -> int:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=150)
    result, small = results[scale], results[min(results)]
    before = {
        (row["name"], row["who"], position): row for position, row in enumerate(small["pages"])
    }
    empty = result["empty_ms"]
    table = Table(title=f"{scale:,} accounts, {result['world']['facts']:,} sales facts; server time over HTTP, "
                  f"median; empty view {empty:.1f} ms", title_justify="left")  # fmt: skip
    for name in ("Page", "as", "ms", "least", "limit", "× empty view", "× bare SQL", f"× {min(results):,}",
                 "queries", "limit", "raw KB", "gzip KB"):  # fmt: skip
        table.add_column(name, justify="left" if name in ("Page", "as") else "right")
    too_many, slow, heavy = [], [], []
    for position, row in enumerate(result["pages"]):
        if row["status"] != 200:
            table.add_row(row["name"], row["who"], f"[red]{row['status']}[/red]")
            too_many.append(row)
            continue
        other = before.get((row["name"], row["who"], position), {})
        growth = row["ms"] / other["ms"] if len(results) > 1 and other.get("ms") else None
        many = row["queries"] > row["limit_queries"]
        late = row["ms"] > row["limit_ms"]
        fat = row["is_list"] and (row["raw"] > 40_960 or row["packed"] > 6_144)
        too_many += [row] if many else []
        slow += [row] if late else []
        heavy += [row] if fat else []
        table.add_row(
            row["name"], row["who"], marked(f"{row['ms']:.0f}", late), f"{row['least']:.0f}", str(row["limit_ms"]),
            f"{row['ms'] / empty:.1f}",
            f"{row['ms'] / row['sql_ms']:.1f}" if row.get("sql_ms") else "",
            marked(f"{growth:.2f}", growth > 1.3) if growth else "",
            marked(str(row["queries"]), many), str(row["limit_queries"]),
            marked(f"{row['raw'] / 1024:.1f}", fat and row["raw"] > 40_960),
            marked(f"{row['packed'] / 1024:.1f}", fat and row["packed"] > 6_144),
        )  # fmt: skip
    console.print(table)
    other = Table(title="Work and weight", title_justify="left")
    for name in ("What", "figure", "limit", "memory MB", "limit"):
        other.add_column(name, justify="left" if name == "What" else "right")
    other.add_row("CSS and JavaScript of a first view, compressed",
                  marked(f"{result['assets'] / 1024:.1f} KB", result["assets"] > 40_960), "40 KB")  # fmt: skip
    for name, seconds in result["facts"].items():
        other.add_row(name, f"{seconds:.1f} s")
    for row in result.get("commands", []):
        failed = row["code"] != 0
        other.add_row(
            row["name"] + (f" [red](exit code {row['code']})[/red]" if failed else ""),
            marked(f"{row['seconds']:.1f} s", bool(row["limit_s"]) and row["seconds"] > row["limit_s"]),
            f"{row['limit_s']} s" if row["limit_s"] else "",
            marked(str(row["memory"]), bool(row["limit_mb"]) and row["memory"] > row["limit_mb"]),
            str(row["limit_mb"] or ""),
        )  # fmt: skip
    console.print(other)
    for row in too_many:
        for statement in row.get("statements", []):
            console.print(f"  {row['name']} ({row['who']}): {statement}", markup=False)
    say(f"{len(slow)} pages above their time, {len(heavy)} lists above their weight, "
        f"{len(too_many)} with more queries than allowed or no answer.")  # fmt: skip
    return 1 if too_many else 0


def marked(text: str, over: bool) -> str:
    return f"[bold red]{text} ![/bold red]" if over else text


if __name__ == "__main__":
    sys.exit(main())
