"""The importer's part of the route table: administrators' pages throughout."""

from django.core.files.uploadedfile import SimpleUploadedFile

from kam.importing import services
from kam.models import ImportBatch, ImportMap
from tests.route_table import ADMINISTRATORS, Route

TEAMS = b"name,parent\nNordics,\nNorth,Nordics\nWest,Nordics\n"


def batch(cast, state="uploaded"):
    """A batch in this state, the same one for every person of the table."""
    row = ImportBatch.objects.filter(file_name=f"{state}.csv").first()
    if row is None:
        file = SimpleUploadedFile(f"{state}.csv", TEAMS)
        row = services.upload("teams", file, file.name, user=cast.administrator)
        if state in ("checked", "applied"):
            services.check(row)
        if state == "applied":
            services.apply(row, user=cast.administrator)
        if state == "working":
            services.start(row, "check", user=cast.administrator)
    return {"pk": row.pk}


def of(state):
    return lambda cast: batch(cast, state)


def saved(cast):
    row, _new = ImportMap.objects.get_or_create(resource="teams", name="table")
    return {"pk": row.pk}


def page(name, find=None, **facts):
    arguments = (name, "directory", find) if find else (name,)
    return Route(*arguments, ok_for=ADMINISTRATORS, otherwise=403, **facts)


ROUTES = [
    page("kam:import_list"),
    page("kam:import_create"),
    page("kam:import_create", method="post", ok=422),
    page("kam:import_map", of("uploaded")),
    page("kam:import_map", of("uploaded"), method="post", ok=422),
    page("kam:import_map_download", of("uploaded")),
    page("kam:import_file", of("uploaded")),
    page("kam:import_preview", of("checked")),
    page("kam:import_progress", of("working")),
    page("kam:import_apply", of("checked"), method="post", ok=302),
    page("kam:import_cancel", of("uploaded"), method="post", ok=302),
    page("kam:import_result", of("applied")),
    page("kam:import_map_saved", saved),
]
NO_FOREIGN_ROW = dict.fromkeys(
    (route.name for route in ROUTES if route.row != "none"),
    "administrators see every import, all others none",
)
