"""What a file's bytes tell of how it is written."""

import codecs
import csv
import io
from typing import IO

import charset_normalizer
from django.utils.translation import gettext as _

from kam.importing.reading.cells import CONTROL, FileRefused
from kam.importing.reading.manner import Reading
from kam.importing.reading.workbook import guard_workbook

MAX_BYTES = 200_000_000
SAMPLE = 200_000
DELIMITERS = [",", ";", "\t", "|", ":"]
ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "cp1250",
    "cp1251",
    "cp865",
    "mac_roman",
    "gb18030",
    "big5",
    "shift_jis",
]
BOMS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
#: Letters beyond ASCII that western European files in Windows-1252 really use.
WESTERN = set("ÆØÅæøåÄÖäöÜüßÉéÈèÊêÀàÂâÇçÑñÓóÔôÍíÎîÏïËëÚúÛûŒœ€–—‘’“”„…•°§£©®´«»¿¡\xa0½µ")
MAGIC = [
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "RAR"),
    (b"\x7fELF", "ELF"),
    (b"SQLite format 3", "SQLite"),
]
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def detect(file: IO[bytes], name: str = "") -> Reading:
    """How the file is written, from its bytes (the name counts for nothing); raises FileRefused."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    if size == 0:
        raise FileRefused(_("The file is empty."))
    if size > MAX_BYTES:
        raise FileRefused(
            _("The file has %(size)d MB; at most %(limit)d MB are read.")
            % {"size": size // 1_000_000, "limit": MAX_BYTES // 1_000_000}
        )
    start = file.read(SAMPLE)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        sheets = guard_workbook(file)
        return Reading(kind="xlsx", sheet=sheets[0], encoding="", delimiter="")
    if start.startswith(OLD_OFFICE):
        raise FileRefused(
            _("This is an old Excel file (.xls) or a protected one. Save it as .xlsx or CSV.")
        )
    for magic, word in MAGIC:
        if start.startswith(magic):
            raise FileRefused(_("This is a %(kind)s file, not CSV or XLSX.") % {"kind": word})
    encoding = detect_encoding(file, start)
    text = _decoded_start(start, encoding)
    if not text.strip():
        raise FileRefused(_("The file is empty."))
    return Reading(kind="csv", encoding=encoding, delimiter=detect_delimiter(text))


def detect_encoding(file: IO[bytes], start: bytes) -> str:
    """The encoding of a text file; raises FileRefused where it is no text."""
    for bom, encoding in BOMS:
        if start.startswith(bom):
            return encoding
    if b"\x00" in start:
        return _utf16_or_refuse(start)
    decoder = codecs.getincrementaldecoder("utf-8")()
    bad = b""
    file.seek(0)
    try:
        while block := file.read(1 << 20):
            bad = block
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    finally:
        file.seek(0)
    # Lines that hold something beyond ASCII are the evidence.
    lines = [line for line in (start + b"\n" + bad).splitlines() if not line.isascii()]
    evidence = b"\n".join(lines)[:SAMPLE]
    if len(CONTROL.findall(start.decode("latin-1"))) > len(start) // 200 + 2:
        raise FileRefused(_("This is no text: it holds control characters (a binary file?)."))
    try:
        letters = {c for c in evidence.decode("cp1252") if not c.isascii()}
    except UnicodeDecodeError:
        letters = {"?"}
    if letters <= WESTERN:
        return "cp1252"
    best = charset_normalizer.from_bytes(evidence, cp_isolation=ENCODINGS[5:]).best()
    if best is None:
        raise FileRefused(_("The file's encoding was not recognised. Save it as UTF-8."))
    return str(best.encoding)


def _utf16_or_refuse(start: bytes) -> str:
    odd, even = start[1::2].count(0), start[0::2].count(0)
    half = max(1, len(start) // 2)
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    where = start.index(b"\x00")
    line = start.count(b"\n", 0, where) + 1
    raise FileRefused(
        _("This is no text: line %(line)d holds a NUL character (byte %(byte)d).")
        % {"line": line, "byte": where + 1}
    )


def _decoded_start(start: bytes, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return decoder.decode(start)


def detect_delimiter(text: str) -> str:
    """The delimiter by which most lines of the start have as many cells as the first one."""
    best, best_score = ",", 0.0
    complete = text[: text.rfind("\n") + 1] or text
    for delimiter in DELIMITERS:
        widths: list[int] = []
        try:
            for row in csv.reader(io.StringIO(complete, newline=""), delimiter=delimiter):
                if row:
                    widths.append(len(row))
                if len(widths) >= 500:
                    break
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        same = sum(w == widths[0] for w in widths) / len(widths)
        score = same * 100 + min(widths[0], 50) / 10
        if score > best_score:
            best, best_score = delimiter, score
    return best
