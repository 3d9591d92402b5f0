"""The forms of an import: the file, and how it is to be read."""

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam.importing.mapping import Map
from kam.importing.reading import DELIMITERS, ENCODINGS, MAX_BYTES, Profile, Reading
from kam.importing.resource import Column, Resource, resources
from kam.importing.resource.values import DATE_ORDERS
from kam.models import ImportMap

FIXED, TEMPLATE = "fixed", "template"
DELIMITER_NAMES = {
    ",": gettext_lazy("comma ,"),
    ";": gettext_lazy("semicolon ;"),
    "\t": gettext_lazy("tab"),
    "|": gettext_lazy("bar |"),
    ":": gettext_lazy("colon :"),
}
ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 (BOM)",
    "utf-16": "UTF-16 (BOM)",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp865": "DOS 865",
    "mac_roman": "Mac Roman",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "shift_jis": "Shift JIS",
}
DECIMALS = {".": gettext_lazy("point: 1,234.50"), ",": gettext_lazy("comma: 1.234,50")}


class UploadForm(forms.Form):
    """A file, what it holds, and perhaps a map that was made for such files."""

    resource = forms.ChoiceField(label=gettext_lazy("What the file holds"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or XLSX, with the columns' names in its first row."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
        allow_empty_file=True,  # the reader says what is wrong with it
    )
    map = forms.ModelChoiceField(
        label=gettext_lazy("Saved map"),
        queryset=ImportMap.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: guess the columns"),
    )
    map_file = forms.FileField(
        label=gettext_lazy("Map as a file (TOML)"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".toml"}),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(resource.name, resource.label) for resource in resources()]
        self.fields["resource"].choices = known  # type: ignore[attr-defined]
        maps = ImportMap.objects.visible_to(user).active()
        self.fields["map"].queryset = maps  # type: ignore[attr-defined]
        labels = dict(known)
        self.fields["map"].label_from_instance = (  # type: ignore[attr-defined]
            lambda row: f"{labels.get(row.resource, row.resource)}: {row.name}"
        )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _("At most %(limit)d MB are read.") % {"limit": MAX_BYTES // 1_000_000}
            )
        return file

    def clean_map_file(self) -> str:
        file = self.cleaned_data.get("map_file")
        if not file:
            return ""
        if file.size > 200_000:
            raise forms.ValidationError(_("This is no map: it is too large."))
        try:
            return file.read().decode("utf-8")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("A map is a text file in UTF-8.")) from None

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        chosen = found.get("map")
        if chosen is not None and chosen.resource != found.get("resource"):
            self.add_error("map", _("This map is for another kind of data."))
        return found


class ReadingForm(forms.Form):
    """How the file is written: what was detected, to be corrected."""

    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), required=False)
    delimiter = forms.ChoiceField(label=gettext_lazy("Delimiter"), required=False)
    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"), required=False)
    decimal = forms.ChoiceField(label=gettext_lazy("Decimal sign"), required=False)
    dates = forms.ChoiceField(label=gettext_lazy("Dates"), required=False)
    blank = forms.CharField(
        label=gettext_lazy("Words for “empty”"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Such as n/a, with commas between them."),
    )

    def __init__(self, *args: Any, reading: Reading, profile: Profile, **kwargs: Any) -> None:
        names = ("encoding", "delimiter", "sheet", "decimal", "dates")
        initial = {n: getattr(reading, n) if n in reading.declared else "" for n in names}
        initial["blank"] = ", ".join(reading.blank)
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        unknown = _("detect: nothing shows it")
        choices: dict[str, dict[str, Any]] = {
            "encoding": {e: ENCODING_NAMES[e] for e in ENCODINGS},
            "delimiter": {d: DELIMITER_NAMES[d] for d in DELIMITERS},
            "sheet": {s: s for s in profile.sheets},
            "decimal": DECIMALS,
            "dates": DATE_ORDERS,
        }
        for name, known in choices.items():
            held = getattr(reading, name)
            if name in reading.declared:
                first = _("detect")
            elif held:
                word = (
                    ENCODING_NAMES.get(held, held) if name == "encoding" else known.get(held, held)
                )
                first = _("detected: %(value)s") % {"value": word}
            else:
                first = unknown
            self.fields[name].choices = [("", first), *known.items()]  # type: ignore[attr-defined]
        left_out = ("encoding", "delimiter") if reading.kind == "xlsx" else ("sheet",)
        for name in left_out:
            del self.fields[name]

    def stated(self) -> dict[str, Any]:
        """What the person stated, in the words of a map's ``[reading]``."""
        found = {k: v for k, v in self.cleaned_data.items() if v}
        if "blank" in found:
            found["blank"] = [w.strip() for w in found["blank"].split(",") if w.strip()]
        return found


def words_of(text: str) -> dict[str, str]:
    """Lines ``word = meaning`` as a dict; raises ValidationError."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        word, sign, meaning = line.partition("=")
        if not sign or not word.strip():
            raise forms.ValidationError(
                _("Line %(line)d: write “word in the file = what it means”.") % {"line": number}
            )
        found[word.strip()] = meaning.strip()
    return found


class MapForm(forms.Form):
    """Which column feeds which field, what words mean, which rows count."""

    only = forms.CharField(
        label=gettext_lazy("Only these rows"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "One line for each column: column = word | word. Other rows are left out and counted."
        ),
    )
    sum = forms.BooleanField(label=gettext_lazy("Add up rows with the same key"), required=False)
    once = forms.BooleanField(
        label=gettext_lazy("The same row may stand more than once"), required=False
    )
    create_missing = forms.MultipleChoiceField(
        label=gettext_lazy("Lists that may grow by what the file holds"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    save_as = forms.CharField(
        label=gettext_lazy("Keep this map as"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("A name by which it is found for the next file of this kind."),
    )

    def __init__(
        self, *args: Any, resource: Resource, profile: Profile, mapping: Map, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.resource, self.profile, self.mapping = resource, profile, mapping
        self.initial = {
            **self.initial,
            "only": "\n".join(f"{k} = {' | '.join(v)}" for k, v in mapping.only.items()),
            "sum": mapping.sum,
            "once": mapping.once,
            "create_missing": mapping.create_missing,
        }
        if not resource.may_sum:
            del self.fields["sum"]
        if resource.may_create:
            known = {column.name: column.label for column in resource.columns}
            self.fields["create_missing"].choices = [  # type: ignore[attr-defined]
                (name, known.get(name, _("plan"))) for name in resource.may_create
            ]
        else:
            del self.fields["create_missing"]
        sources = [(str(at), name) for at, name in enumerate(profile.head)]
        for column in resource.columns:
            self._add_column(column, sources)

    def _add_column(self, column: Column, sources: list[tuple[str, str]]) -> None:
        name, mapping, head = column.name, self.mapping, self.profile.head
        choices = [
            ("", _("not imported")),
            (_("Column of the file"), sources),
            (
                _("Something else"),
                [(FIXED, _("the same in every row")), (TEMPLATE, _("a template"))],
            ),
        ]
        source, text = "", ""
        if name in mapping.constants:
            source, text = FIXED, mapping.constants[name]
        elif name in mapping.columns:
            from_file = mapping.columns[name]
            source, text = (
                (str(head.index(from_file)), "") if from_file in head else (TEMPLATE, from_file)
            )
        label = capfirst(str(column.label))
        self.fields[f"source-{name}"] = forms.ChoiceField(
            label=label, choices=choices, required=False, initial=source
        )
        self.fields[f"text-{name}"] = forms.CharField(
            label=_("%(field)s: fixed value or template") % {"field": label},
            required=False,
            max_length=300,
            initial=text,
        )
        self.fields[f"values-{name}"] = forms.CharField(
            label=_("%(field)s: word = meaning") % {"field": label},
            required=False,
            widget=forms.Textarea(attrs={"rows": 2}),
            initial="\n".join(f"{k} = {v}" for k, v in mapping.values.get(name, {}).items()),
        )
        if column.kind in ("decimal", "integer"):
            self.fields[f"scale-{name}"] = forms.DecimalField(
                label=_("%(field)s: times") % {"field": label},
                required=False,
                localize=False,
                initial=mapping.scale.get(name),
            )

    def rows(self) -> list[dict[str, Any]]:
        """What the page's table shows: a field, where it comes from, what stands there."""
        found = []
        samples = {str(at): column.samples for at, column in enumerate(self.profile.columns)}
        for column in self.resource.columns:
            source = self[f"source-{column.name}"].value() or ""
            examples = samples.get(source, [])
            name = column.name
            found.append(
                {
                    "column": column,
                    "is_key": name in self.resource.key,
                    "source": self[f"source-{name}"],
                    "text": self[f"text-{name}"],
                    "values": self[f"values-{name}"],
                    "scale": self[f"scale-{name}"] if f"scale-{name}" in self.fields else None,
                    "examples": examples,
                    "more": bool(
                        self[f"text-{name}"].value()
                        or self[f"values-{name}"].value()
                        or (f"scale-{name}" in self.fields and self[f"scale-{name}"].value())
                        or any(
                            self[f"{part}-{name}"].errors
                            for part in ("text", "values", "scale")
                            if f"{part}-{name}" in self.fields
                        )
                    ),
                }
            )
        return found

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for column in self.resource.columns:
            name = column.name
            source = found.get(f"source-{name}")
            if source in (FIXED, TEMPLATE) and not found.get(f"text-{name}"):
                self.add_error(
                    f"text-{name}", _("Write what stands in every row, or the template.")
                )
            try:
                found[f"words-{name}"] = words_of(found.get(f"values-{name}") or "")
            except forms.ValidationError as error:
                self.add_error(f"values-{name}", error)
        try:
            found["only_words"] = {
                name: [word.strip() for word in words.split("|")]
                for name, words in words_of(found.get("only") or "").items()
            }
        except forms.ValidationError as error:
            self.add_error("only", error)
        return found

    def map(self) -> Map:
        """The map that the form says."""
        found = self.cleaned_data
        columns: dict[str, str] = {}
        constants: dict[str, str] = {}
        values: dict[str, dict[str, str]] = {}
        scale: dict[str, str] = {}
        for column in self.resource.columns:
            name = column.name
            source, text = found.get(f"source-{name}"), found.get(f"text-{name}", "")
            if source == FIXED:
                constants[name] = text
            elif source == TEMPLATE:
                columns[name] = text
            elif source:
                columns[name] = self.profile.head[int(source)]
            if not source:
                continue
            if found.get(f"words-{name}"):
                values[name] = found[f"words-{name}"]
            if found.get(f"scale-{name}") is not None:
                scale[name] = f"{found[f'scale-{name}']:f}"
        return replace(
            self.mapping,
            columns=columns,
            constants=constants,
            values=values,
            scale=scale,
            only=found["only_words"],
            sum=found.get("sum", False),
            once=found.get("once", False),
            create_missing=found.get("create_missing", []),
        )
