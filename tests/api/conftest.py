"""Clients of the API, signed in by token."""

from collections.abc import Callable

import pytest
from django.test import Client

from kam.models import ApiToken


class ApiClient(Client):
    """Speaks JSON; ``prefix`` is the API's root."""

    prefix = "/api/v1/"

    def call(self, method: str, path: str, data: object = None, **headers: str):
        return getattr(self, method)(
            self.prefix + path,
            data=data,
            headers=headers,
            content_type="application/json",
        )


@pytest.fixture
def api(cast) -> Callable[..., ApiClient]:
    """``api("kam")``: a client with a writing token of that person of the cast."""

    def make(name: str, *, write: bool = True) -> ApiClient:
        _row, secret = ApiToken.issue(getattr(cast, name), "test", may_write=write)
        return ApiClient(headers={"Authorization": f"Bearer {secret}"})

    return make
