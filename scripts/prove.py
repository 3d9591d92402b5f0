"""Every check and every test, for `make test`; `--lint` leaves the tests out.

    python -m scripts.prove [--lint] [--fail-fast] [-- PYTEST ARGUMENTS]
    python -m scripts.prove --with-services COMMAND …

The quick checks come first; the summary at the end names what failed. Uses ``DATABASE_URL`` and
``REDIS_URL`` where they are set, and embedded servers otherwise.
"""

import argparse
import os
import subprocess
import sys
import time

from kam import embedded
from kam.running import services
from scripts.machine import PROJECT, provide_chromium, say

PYTHON = sys.executable
LINT = {
    "style": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "layers": [PYTHON, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
    "templates": [PYTHON, "-m", "djlint", "templates", "--lint", "--quiet"],
    "types": [PYTHON, "-m", "mypy", "."],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
}


def prove(name, command, environment):
    """Run one step with its output on the terminal; return (name, passed, seconds)."""
    say(f"\n── {name} " + "─" * (76 - len(name)))
    began = time.monotonic()
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=False)
    return name, done.returncode == 0, time.monotonic() - began


def summary(results, skipped):
    """Print one line per step; return the exit code."""
    say("\n" + "─" * 80)
    for name, passed, seconds in results:
        say(f"  {'passed' if passed else 'FAILED'}   {name:<12} {seconds:7.1f} s")
    for sentence in skipped:
        say(f"  NOT RUN  {sentence}")
    failed = [name for name, passed, _seconds in results if not passed]
    total = sum(seconds for _name, _passed, seconds in results)
    say(f"{'FAILED: ' + ', '.join(failed) if failed else 'All passed'} ({total:.0f} s)")
    return 1 if failed else 0


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m scripts.prove")
    parser.add_argument("--lint", action="store_true", help="everything but the tests")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    parser.add_argument("--with-services", nargs=argparse.REMAINDER, metavar="COMMAND")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args(argv)
    os.chdir(PROJECT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "kam.settings.test"  # importing kam set a default
    try:
        with services():
            if options.with_services:
                return subprocess.run(options.with_services, check=False).returncode
            return run_steps(options)
    except embedded.EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130


def run_steps(options):
    results, skipped = [], []
    environment = {**os.environ}
    steps = dict(LINT)
    if not options.lint:
        steps["catalogues"] = [PYTHON, "manage.py", "compile_catalogues", "-v0"]
        processes = str(min(os.cpu_count() or 1, 4))
        pytest = [PYTHON, "-m", "pytest", "-n", processes, "--dist", "loadgroup", *options.pytest]
        browser = provide_chromium()
        if browser:
            environment["KAM_CHROMIUM"] = browser
        else:
            pytest += ["-m", "not browser"]
            skipped.append(
                "browser tests: no Chromium here. Install it (Debian: `apt-get install chromium`) "
                "or name one by KAM_CHROMIUM=/path/to/chromium."
            )
        steps["tests"] = pytest
    for name, command in steps.items():
        results.append(prove(name, command, environment))
        if options.fail_fast and not results[-1][1]:
            break
    return summary(results, skipped)


if __name__ == "__main__":
    sys.exit(main())
