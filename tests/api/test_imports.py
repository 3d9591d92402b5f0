"""Imports over the API: a file is sent, checked in the worker, looked at, and written once."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Account
from kam import jobs
from kam.models import ImportBatch, ImportMap, Job, Role

pytestmark = pytest.mark.django_db(transaction=True)
IMPORTS = "/api/v1/imports/"
FILE = "number,name,employees\nK1,Ås Mekaniske,12\nA1,Fjord Yards,\n"
TWO_WRONG = FILE + "K2,Broken,many\n,Nameless,3\n"


def send(client: Client, content: str = FILE, **more: object):
    file = SimpleUploadedFile("kunder.csv", content.encode())
    return client.post(IMPORTS, {"resource": "accounts", "file": file, **more})


def checked(client: Client, content: str = FILE, **more: object) -> str:
    """The address of an import whose check is over."""
    answer = send(client, content, **more)
    assert answer.status_code == 201, answer.content
    assert jobs.run(answer.json()["job"]["id"])
    return f"{IMPORTS}{answer.json()['id']}/"


def apply(client: Client, address: str, **data: object):
    return client.post(f"{address}apply/", data, content_type="application/json")


def test_from_the_file_to_the_rows(cast, api):
    client = api("service")
    answer = send(client)
    assert answer.status_code == 201
    told = answer.json()
    assert answer["Location"].endswith(f"{IMPORTS}{told['id']}/")
    assert (told["state"], told["job"]["state"], told["report"]) == ("uploaded", "queued", {})

    jobs.run(told["job"]["id"])
    address = f"{IMPORTS}{told['id']}/"
    told = client.get(address).json()
    assert (told["state"], told["job"]["state"]) == ("checked", "done")
    assert (told["created"], told["changed"], told["refused"]) == (1, 1, 0)
    changed = client.get(f"{address}rows/?kind=changed").json()
    assert changed["count"] == 1
    assert changed["rows"][0]["changes"] == [
        {"column": "name", "before": "Fjord Shipyards", "after": "Fjord Yards"}
    ]
    assert not Account.objects.filter(number="K1").exists()

    answer = apply(client, address)
    assert answer.status_code == 202
    again = apply(client, address)  # it goes on: the same work
    assert (again.status_code, again.json()["job"]["id"]) == (202, answer.json()["job"]["id"])
    jobs.run(answer.json()["job"]["id"])
    told = client.get(address).json()
    assert (told["state"], told["job"]["state"], told["created"]) == ("applied", "done", 1)
    assert Account.objects.get(number="K1").name == "Ås Mekaniske"
    assert apply(client, address).status_code == 409
    batch = ImportBatch.objects.get(pk=told["id"])
    assert (batch.created_by, batch.file_name) == (cast.service, "kunder.csv")


def test_refused_rows_say_where_and_why_and_keep_the_file_out(cast, api):
    client = api("administrator")
    address = checked(client, TWO_WRONG)
    told = client.get(address).json()
    assert (told["state"], told["refused"], told["report"]["read"]) == ("checked", 2, 4)
    wrong = client.get(f"{address}rows/").json()
    assert (wrong["kind"], wrong["count"]) == ("refused", 2)
    assert [(row["line"], row["column"], row["value"]) for row in wrong["rows"]] == [
        (4, "employees", "many"),
        (5, "number", ""),
    ]
    assert all(row["expected"] for row in wrong["rows"])

    job = apply(client, address).json()["job"]["id"]
    jobs.run(job)
    told = client.get(address).json()
    assert (told["state"], told["job"]["state"]) == ("refused", "failed")
    assert "nothing was imported" in told["job"]["message"]
    assert not Account.objects.filter(number="K1").exists()


def test_a_long_file_name_is_cut_short_where_it_is_told(cast, api):
    file = SimpleUploadedFile("k" * 250 + ".csv", FILE.encode())
    client = api("service")
    answer = client.post(IMPORTS, {"resource": "accounts", "file": file})
    assert answer.status_code == 201
    job = Job.objects.get(pk=answer.json()["job"]["id"])
    assert (len(job.title), job.title[-1]) == (200, "…")
    jobs.run(job.pk)
    assert apply(client, f"{IMPORTS}{answer.json()['id']}/").status_code == 202


def test_problems_have_their_own_words(cast, api):
    client = api("service")
    address = checked(client)
    jobs.run(apply(client, address).json()["job"]["id"])
    told = apply(client, address).json()
    assert (told["status"], told["title"]) == (
        409, "This cannot stand beside what is there already.",
    )  # fmt: skip
    assert client.put(address).json()["title"] == "Method Not Allowed"


def test_the_good_rows_alone_are_written_when_that_is_asked_for(cast, api):
    client = api("administrator")
    address = checked(client, TWO_WRONG)
    jobs.run(apply(client, address, good_rows_only=True).json()["job"]["id"])
    told = client.get(address).json()
    assert (told["state"], told["good_rows_only"]) == ("applied", True)
    assert (told["created"], told["changed"], told["refused"]) == (1, 1, 2)
    assert Account.objects.filter(number="K1").exists()


def test_a_map_comes_by_name_or_as_a_file(cast, api):
    client = api("service")
    content = "Kundenr,Navn\nK1,Ås\n"
    columns = {"number": "Kundenr", "name": "Navn"}
    ImportMap.objects.create(resource="accounts", name="ERP", content={"columns": columns})
    toml = SimpleUploadedFile("m.toml", b'[columns]\nnumber = "Kundenr"\nname = "Navn"\n')
    for given in ({"map": "ERP"}, {"map_file": toml}):
        address = checked(client, content, **given)
        assert client.get(address).json()["created"] == 1

    without = client.get(checked(client, content)).json()  # nothing tells what Kundenr is
    assert without["state"] == "refused"
    assert "number" in without["report"]["error"]
    toml.seek(0)
    for given, field in (
        ({"map": "CRM"}, "map"),
        ({"map": "ERP", "map_file": toml}, "map"),
        ({"map_file": SimpleUploadedFile("m.toml", b"colums = 1")}, "map_file"),
        ({"map_file": SimpleUploadedFile("m.toml", b"\xff\xfe")}, "map_file"),
    ):
        answer = send(client, content, **given)
        assert answer.status_code == 400
        assert [error["attr"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"resource": "secrets"}, "resource"),
        ({"file": ""}, "file"),
        ({"file": SimpleUploadedFile("x.csv", b"")}, "file"),
        ({"file": SimpleUploadedFile("x.csv", b"%PDF-1.4")}, "file"),
        ({"file": SimpleUploadedFile("x.csv", b"a\x00b,c\n1,2\n")}, "file"),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_kept(cast, api, data, field):
    answer = send(api("service"), **data)
    assert answer.status_code == 400
    assert [error["attr"] for error in answer.json()["errors"]] == [field]
    assert not ImportBatch.objects.exists()


def read_by(client: Client, address: str, **given: object):
    return client.patch(address, given, content_type="application/json")


def test_the_columns_that_are_not_read_and_doubled_names_are_told(cast, api):
    client = api("service")
    content = "number,name,Umsatz,name,name\nK1,Ås,7,x,y\n"
    told = client.get(checked(client, content)).json()
    assert told["columns"] == {
        "read": ["number", "name"],
        "not_read": ["Umsatz", "name (4)", "name (5)"],
        "doubled": ["name"],
    }
    assert told["mapping"] == {"columns": {"number": "number", "name": "name"}}


def test_another_map_is_taken_and_the_file_checked_by_it(cast, api):
    client = api("service")
    content = "Kundenr,Navn,Ansatte\nK1,Ås,7\n"
    address = checked(client, content)
    assert client.get(address).json()["state"] == "refused"
    parts = {"columns": {"number": "Kundenr", "name": "Navn"}, "constants": {"currency": "NOK"}}
    answer = read_by(client, address, mapping=parts)
    assert answer.status_code == 202, answer.content
    told = answer.json()
    assert (told["state"], told["mapping"], told["report"]) == ("uploaded", parts, {})
    assert told["columns"]["not_read"] == ["Ansatte"]
    assert read_by(client, address, mapping=parts).status_code == 409  # it is being checked
    jobs.run(told["job"]["id"])
    told = client.get(address).json()
    assert (told["state"], told["created"]) == ("checked", 1)
    # As it was read, with one change: the round trip
    parts = {**told["mapping"], "columns": {**parts["columns"], "employees": "Ansatte"}}
    answer = read_by(client, address, mapping=parts).json()
    assert answer["created"] == 0  # nothing is known of what this map brings
    jobs.run(answer["job"]["id"])
    jobs.run(apply(client, address).json()["job"]["id"])
    assert Account.objects.get(number="K1").employees == 7
    assert read_by(client, address, mapping=parts).status_code == 409  # over


def test_another_map_comes_by_name_or_as_a_file_too_and_may_say_how_the_file_is_written(cast, api):
    client = api("service")
    address = checked(client, "Kundenr;Navn,x\nK1;Ås\n")
    columns = {"number": "Kundenr", "name": "Navn,x"}
    ImportMap.objects.create(resource="accounts", name="ERP", content={"columns": columns})
    jobs.run(read_by(client, address, map="ERP").json()["job"]["id"])
    assert client.get(address).json()["created"] == 1
    comma = {"reading": {"delimiter": ","}, "columns": {"number": "Kundenr;Navn", "name": "x"}}
    answer = read_by(client, address, mapping=comma)
    assert answer.status_code == 202, answer.content
    assert answer.json()["columns"]["read"] == ["Kundenr;Navn", "x"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "mapping"),
        ({"mapping": {"colums": {}}}, "mapping"),
        ({"mapping": {"columns": {"number": "Nr", "name": "name"}}}, "mapping"),
        ({"mapping": {"columns": {"name": "name"}}}, "mapping"),
        ({"mapping": {"constants": {"name": "a\x00b"}}}, "mapping"),
        ({"mapping": {"constants": {"name": "\ud800"}}}, "mapping"),
        ({"mapping": {"values": {"name": "x"}}}, "mapping"),
        ({"mapping": {}, "map": "ERP"}, "map"),
        ({"map": "CRM"}, "map"),
        ({"maps": "CRM"}, "maps"),
    ],
)
def test_a_map_that_does_not_fit_is_refused_and_the_import_stays(cast, api, given, field):
    client = api("service")
    address = checked(client)
    before = client.get(address).json()
    answer = read_by(client, address, **given)
    assert answer.status_code == 400, answer.content
    assert [error["attr"] for error in answer.json()["errors"]] == [field]
    assert client.get(address).json() == before


def test_nothing_is_written_while_the_file_is_being_checked(cast, api):
    client = api("service")
    told = send(client).json()
    answer = apply(client, f"{IMPORTS}{told['id']}/")
    assert answer.status_code == 409
    assert "checked" in answer.json()["detail"]


def test_an_import_that_was_given_up_is_not_written(cast, api):
    client = api("service")
    address = checked(client)
    assert client.post(f"{address}cancel/").json()["state"] == "cancelled"
    assert apply(client, address).status_code == 409
    assert not Account.objects.filter(number="K1").exists()


def test_nobody_else_reaches_an_import(cast, api):
    address = checked(api("administrator"))
    stranger = api("kam")
    assert stranger.get(IMPORTS).json()["results"] == []
    assert send(stranger).status_code == 403
    assert [
        stranger.get(address).status_code,
        stranger.get(f"{address}rows/").status_code,
        apply(stranger, address).status_code,
        stranger.post(f"{address}cancel/").status_code,
        read_by(stranger, address, mapping={}).status_code,
    ] == [404, 404, 404, 404, 404]
    assert api("service").get(address).status_code == 200


def test_who_is_no_longer_an_administrator_reads_what_they_brought_and_writes_no_more(cast, api):
    client = api("administrator")
    address = checked(client)
    cast.administrator.role = Role.KAM
    cast.administrator.save(update_fields=["role"])
    assert client.get(address).status_code == 200
    assert apply(client, address).status_code == 403
    assert send(client).status_code == 403


def test_a_reading_token_looks_and_imports_nothing(cast, api):
    address = checked(api("administrator"))
    reader = api("administrator", write=False)
    assert reader.get(address).status_code == 200
    assert send(reader).status_code == 403
    assert apply(reader, address).status_code == 403
    assert reader.post(f"{address}cancel/").status_code == 403
    assert read_by(reader, address, mapping={}).status_code == 403
    assert ImportBatch.objects.count() == 1


def test_uploads_count_against_the_limit_of_calls(cast, api, settings):
    settings.KAM_API_RATE = "2/h"
    client = api("service")
    assert [send(client).status_code for _n in range(3)] == [201, 201, 429]


def test_an_unknown_kind_or_parameter_is_refused(cast, api):
    client = api("service")
    address = checked(client)
    assert client.get(f"{address}rows/?kind=blue").status_code == 400
    assert client.get(f"{address}rows/?kinds=refused").status_code == 400


def test_the_calls_ask_the_database_a_fixed_number_of_times(
    cast, api, django_assert_max_num_queries
):
    client = api("service")
    for _n in range(3):
        address = checked(client, TWO_WRONG)
    for path in (IMPORTS, address, f"{address}rows/"):
        # token, when it was used, import (with job and author)
        with django_assert_max_num_queries(4):
            assert client.get(path).status_code == 200
