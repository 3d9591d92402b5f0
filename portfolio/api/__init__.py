"""The portfolio over the API, by what it is about."""

from typing import Any

from portfolio.api import criteria, inputs, matrix, meetings, nominations, resources, scores

PARTS = (scores, criteria, inputs, meetings, matrix, nominations, resources)
paths = [path for part in PARTS for path in part.paths]


def register(router: Any) -> None:
    for part in PARTS:
        part.register(router)
