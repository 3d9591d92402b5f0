"""Countries by the names that people write."""

import difflib
from functools import lru_cache

from django.utils import translation
from django_countries import countries as known
from django_countries.base import CountriesBase


def country_code(word: str) -> str | None:
    """The code of a country by its code or one of its English names."""
    return _codes().get(word.lower())


def country_like(word: str) -> str:
    """The known name most like this one, or nothing. A hint for a person, never taken."""
    names = [name for name in _codes() if len(name) > 3]
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return near[0].title() if near else ""


@lru_cache
def _codes() -> dict[str, str]:
    """Code and English names, in small letters → code."""
    found: dict[str, str] = {}
    with translation.override("en"):
        for code, name in known:
            found[str(name).lower()] = code
            found[code.lower()] = code
            found[str(known.alpha3(code)).lower()] = code
        for code, name in CountriesBase.COMMON_NAMES.items():
            found.setdefault(str(name).lower(), code)
        for code, names in CountriesBase.OLD_NAMES.items():
            for name in names:
                found.setdefault(str(name).lower(), code)
    for name, code in {
        "united states": "US",
        "great britain": "GB",
        "uk": "GB",
        "czechia": "CZ",
        "russian federation": "RU",
        "türkiye": "TR",
    }.items():
        found.setdefault(name, code)
    found.pop("", None)
    return found
