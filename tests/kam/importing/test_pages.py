"""The importer's pages: from the file to the result, in a browser without scripts."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Account
from kam import jobs
from kam.models import ImportBatch, ImportMap

pytestmark = pytest.mark.django_db(transaction=True)
FILE = "Kundenr;Navn;Ansatte;Omsætning\nK1;Åse A/S;12;1.234,50\nA1;Fjord Yards;;\n"


def send(client, content=FILE, **more):
    file = SimpleUploadedFile("kunder.csv", content.encode("cp1252"))
    data = {"resource": "accounts", "file": file, **more}
    return client.post(reverse("kam:import_create"), data)


def posted_map(client, batch, **more):
    page = client.get(reverse("kam:import_map", args=[batch.pk]))
    form = page.context["form"]
    data = {f.html_name: f.value() if f.value() is not None else "" for f in form}
    head = page.context["profile"].head
    for name, column in more.pop("columns", {}).items():
        data[f"source-{name}"] = str(head.index(column))
    data |= {"part": "map", **more}
    data = {k: v for k, v in data.items() if v is not False}
    return client.post(reverse("kam:import_map", args=[batch.pk]), data)


@pytest.mark.parametrize("column", ["²", "1" * 5_000, "99"], ids=["²", "5,000 digits", "99"])
def test_a_column_that_is_not_in_the_file_is_refused(cast, column):
    client = cast.client("administrator")
    send(client)
    answer = posted_map(client, ImportBatch.objects.get(), **{"source-name": column})
    assert answer.status_code == 422


def test_from_the_file_to_the_result(cast):
    client = cast.client("administrator")
    answer = send(client)
    batch = ImportBatch.objects.get()
    assert answer.url == reverse("kam:import_map", args=[batch.pk])
    page = client.get(answer.url)
    assert "Windows-1252" in page.content.decode()
    assert "Åse A/S" in page.content.decode()

    columns = {
        "number": "Kundenr",
        "name": "Navn",
        "employees": "Ansatte",
        "customer_revenue": "Omsætning",
    }
    answer = posted_map(client, batch, columns=columns, save_as="Danish ERP")
    batch.refresh_from_db()
    assert ImportMap.objects.get().content["columns"] == columns
    assert "Waiting" in client.get(answer.url).content.decode()
    jobs.run(batch.job_id)
    preview = client.get(answer.url).content.decode()
    assert "Import 2 rows" in preview
    changed = client.get(answer.url + "?show=changed").content.decode()
    assert "Fjord Shipyards" in changed
    assert "Fjord Yards" in changed
    assert not Account.objects.filter(number="K1").exists()

    client.post(reverse("kam:import_apply", args=[batch.pk]))
    batch.refresh_from_db()
    jobs.run(batch.job_id)
    assert str(Account.objects.get(number="K1").customer_revenue) == "1234.50"
    answer = client.get(reverse("kam:import_preview", args=[batch.pk]))
    assert answer.url == reverse("kam:import_result", args=[batch.pk])
    assert "Imported" in client.get(answer.url).content.decode()
    kept = client.get(reverse("kam:import_file", args=[batch.pk]))
    assert b"".join(kept.streaming_content).decode("cp1252") == FILE
    client.post(reverse("kam:import_apply", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == "applied"


def test_a_saved_map_reads_the_next_file_and_comes_as_toml(cast):
    client = cast.client("administrator")
    content = {"columns": {"number": "Kundenr", "name": "Navn"}}
    saved = ImportMap.objects.create(resource="accounts", name="ERP", content=content)
    send(client, map=saved.pk)
    batch = ImportBatch.objects.get()
    assert batch.reading["map"] == content
    toml = client.get(reverse("kam:import_map_download", args=[batch.pk])).content.decode()
    assert 'number = "Kundenr"' in toml
    again = SimpleUploadedFile("map.toml", toml.encode())
    send(client, map_file=again)
    assert ImportBatch.objects.latest("pk").reading["map"] == content


def test_how_a_file_is_read_can_be_corrected(cast):
    client = cast.client("administrator")
    send(client, "number;name;customer_revenue\nX;A;1.234\n")
    batch = ImportBatch.objects.get()
    address = reverse("kam:import_map", args=[batch.pk])
    assert "one thousand or one and a bit" in client.get(address).content.decode()
    client.post(address, {"part": "reading", "reading-decimal": ","})
    batch.refresh_from_db()
    assert batch.reading["decimal"] == ","
    assert "one thousand or one and a bit" not in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "empty"), ("number,name\n", "no rows"), ("a\x00b,c\n1,2\n", "NUL"), ("%PDF-1.4", "PDF")],
)
def test_a_file_that_is_no_table_is_refused_at_the_form(cast, content, words):
    answer = send(cast.client("administrator"), content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_wrong_map_is_explained_at_the_form(cast):
    client = cast.client("administrator")
    answer = send(client, map_file=SimpleUploadedFile("m.toml", b"colums = 1"))
    assert answer.status_code == 422
    assert "unknown part" in answer.content.decode()
    send(client)
    answer = posted_map(client, ImportBatch.objects.get(), **{"values-name": "no sign"})
    assert answer.status_code == 422
    assert "word in the file = what it means" in answer.content.decode()


def test_giving_up_leaves_the_batch_cancelled(cast):
    client = cast.client("administrator")
    send(client)
    batch = ImportBatch.objects.get()
    client.post(reverse("kam:import_cancel", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == "cancelled"


def test_file_names_and_cells_are_text_and_nothing_else(cast):
    client = cast.client("administrator")
    file = SimpleUploadedFile("../../<b>x.csv", b"number,name\nX,<script>alert(1)</script>\n")
    client.post(reverse("kam:import_create"), {"resource": "accounts", "file": file})
    batch = ImportBatch.objects.get()
    assert ".." not in batch.file.name
    page = client.get(reverse("kam:import_map", args=[batch.pk])).content.decode()
    assert "<script>alert" not in page


def test_the_pages_ask_the_database_a_fixed_number_of_times(cast, django_assert_max_num_queries):
    client = cast.client("administrator")
    for _n in range(3):
        send(client)
    batch = ImportBatch.objects.latest("pk")
    for name, args in (("list", []), ("create", []), ("map", [batch.pk])):
        # session, person, batch (with job and author), company; the list: batches, maps
        with django_assert_max_num_queries(8):
            assert client.get(reverse(f"kam:import_{name}", args=args)).status_code == 200
