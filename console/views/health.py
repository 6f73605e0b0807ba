"""/healthz for supervisors and load balancers: database and Redis, no login, no details."""

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

PATH = "/healthz"
REDIS_TIMEOUT = 1.0


@login_not_required
@never_cache
@require_GET
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers. Redis down is told but harmless: pages still work."""
    state = {"database": database_answers(), "redis": redis_answers()}
    return JsonResponse(state, status=200 if state["database"] else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError:
        return False


def redis_answers() -> bool:
    door = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT
    )
    try:
        return bool(door.ping())
    except redis.RedisError:
        return False
    finally:
        door.close()
