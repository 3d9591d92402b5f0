"""Limits per person, counted atomically in Redis: parallel calls cannot slip through."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class PersonThrottle(BaseThrottle):
    """So many calls per person (or address) in each full minute, hour …: ``KAM_API_RATE``."""

    def allow_request(self, request: Request, view: Any) -> bool:
        number, _slash, unit = settings.KAM_API_RATE.partition("/")
        span = SECONDS[unit[0]]
        now = timezone.now().timestamp()
        self._left = span - now % span
        user = request.user
        who = user.pk if user and user.is_authenticated else self.get_ident(request)
        key = f"api-rate:{who}:{int(now // span)}"
        cache.add(key, 0, timeout=span + 5)
        try:
            return cache.incr(key) <= int(number)
        except ValueError:  # the key went between the two calls: count anew with the next one
            return True

    def wait(self) -> float:
        return self._left
