"""The whole API under generated calls, good and bad: no answer is a server error.

A short run belongs to the tests; ``make fuzz`` (``--fuzz-long``) makes a long one.
"""

import pytest
import schemathesis
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from requests import Request

from kam.models import ApiToken

pytestmark = pytest.mark.fuzz
document = SchemaGenerator(api_version="1").get_schema(request=None, public=True)
schema = schemathesis.openapi.from_dict(document)
OPERATIONS = {op.ok().label: op.ok() for op in schema.get_all_operations()}


def send(client: Client, case: schemathesis.Case):
    """The generated call through Django's own client (the same transaction as the test)."""
    call = case.as_transport_kwargs(base_url="http://testserver")
    prepared = Request(
        call["method"],
        call["url"],
        params=call.get("params"),
        headers=call.get("headers"),
        json=call.get("json"),
        data=call.get("data"),
    ).prepare()
    headers = {k: v for k, v in prepared.headers.items() if k.lower() != "authorization"}
    return client.generic(
        call["method"],
        prepared.path_url,
        data=prepared.body or b"",
        content_type=headers.pop("Content-Type", "application/json"),
        headers=headers,
    )


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_no_call_breaks_the_server(label, cast, request):
    long = request.config.getoption("--fuzz-long")
    operation = OPERATIONS[label]
    _row, secret = ApiToken.issue(cast.administrator, "fuzz", may_write=True)
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})

    @settings(
        max_examples=300 if long else 5,
        suppress_health_check=list(HealthCheck),
        derandomize=not long,
        database=None,
    )
    @given(case=operation.as_strategy())
    def each(case):
        response = send(client, case)
        assert response.status_code < 500, f"{case.method} {case.formatted_path}: {case.body!r}"

    each()
