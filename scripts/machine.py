"""What the project needs from the machine itself: libraries for PDF, a browser for its tests.

Standard library only: this runs before anything is installed. Missing things are installed where
that needs no question (root, Debian or Ubuntu) and are otherwise named in one line.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PDF_PACKAGES = {
    "apt-get": [
        *("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz0b", "libharfbuzz-subset0"),
        *("fontconfig", "fonts-dejavu-core"),
    ],
    "dnf": ["pango", "harfbuzz", "dejavu-sans-fonts"],
    "apk": ["pango", "harfbuzz", "fontconfig", "ttf-dejavu"],
    "brew": ["pango"],
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def say(sentence):
    """One line to the person at the terminal, in order with what subprocesses print."""
    print(sentence, flush=True)


def apt_install(packages):
    """Install system packages quietly as root; True when apt says that it worked."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"Installing system packages: {' '.join(packages)} …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-q"], install):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say(f"apt-get could not install them: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return done.returncode == 0


def pdf_works(python):
    """Whether WeasyPrint finds the libraries that it draws with."""
    command = [python, "-c", "import weasyprint"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def provide_pdf_libraries(python):
    """Install what WeasyPrint lacks, or say in one line what to install."""
    if pdf_works(python):
        return True
    if apt_install(PDF_PACKAGES["apt-get"]) and pdf_works(python):
        return True
    manager = next((name for name in PDF_PACKAGES if shutil.which(name)), "apt-get")
    say(
        f"PDF reports will not work until you install Pango: "
        f"`{manager} install {' '.join(PDF_PACKAGES[manager])}`."
    )
    return False


def chromium():
    """The Chromium or Chrome of this machine (KAM_CHROMIUM first), or None."""
    named = os.environ.get("KAM_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    return next((found for found in map(shutil.which, BROWSERS) if found), None)


def provide_chromium():
    """Find or install the browser for the browser tests; None when there is none."""
    found = chromium()
    if found is None and not os.environ.get("KAM_CHROMIUM"):
        apt_install(["chromium"])
        found = chromium()
    return found


def exit_with(sentence):
    """Stop with one clear line."""
    print(sentence, file=sys.stderr, flush=True)
    sys.exit(1)
