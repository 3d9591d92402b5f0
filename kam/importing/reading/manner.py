"""How a file is written: its encoding, its signs, its dates."""

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is written. ``decimal`` and ``dates`` are empty where nothing in it decides."""

    kind: str = "csv"  # csv or xlsx
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""
    decimal: str = ""  # "." or ","
    dates: str = ""  # ymd, dmy or mdy
    blank: tuple[str, ...] = ()  # words that mean "nothing stands here"
    declared: tuple[str, ...] = ()  # what a person or a map said; the rest was detected

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Reading":
        known = {k: v for k, v in stored.items() if k in cls.__dataclass_fields__}
        for name in ("blank", "declared"):
            known[name] = tuple(known.get(name) or ())
        return cls(**known)

    def stating(self, **stated: Any) -> "Reading":
        """The same with some things stated instead of detected; empty words change nothing."""
        stated = {k: v for k, v in stated.items() if v not in (None, "", (), [])}
        if "blank" in stated:
            stated["blank"] = tuple(stated["blank"])
        names = tuple(sorted({*self.declared, *stated}))
        return replace(self, **stated, declared=names)
