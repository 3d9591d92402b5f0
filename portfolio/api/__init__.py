"""The portfolio over the API, by what it is about."""

from typing import Any

from portfolio.api import criteria, inputs, matrix, nominations, resources, scores

PARTS = (scores, criteria, inputs, matrix, nominations, resources)
paths = [path for part in PARTS for path in part.paths]


def register(router: Any) -> None:
    for part in PARTS:
        part.register(router)
