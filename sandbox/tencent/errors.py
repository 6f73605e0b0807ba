"""Tencent Cloud's way of saying no: a code the caller decides by, and a sentence for people."""

from typing import NoReturn


class ApiError(Exception):
    """Becomes `Response.Error` with HTTP status 200, as the real gateway does it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def refuse(code: str, message: str) -> NoReturn:
    raise ApiError(code, message)


def lb_not_found(id: str) -> ApiError:
    return ApiError("InvalidParameter.LBIdNotFound", f"LoadBalancer not exist: {id}")


def listener_not_found(ids: list[str]) -> ApiError:
    message = f"some ListenerId {', '.join(ids)} not found"
    return ApiError("InvalidParameter.ListenerIdNotFound", message)


def in_operating(id: str) -> ApiError:
    message = f"{id} is being operated by another task, not in normal desState. Try again later."
    return ApiError("FailedOperation.ResourceInOperating", message)


def not_emulated(what: str) -> ApiError:
    return ApiError("UnsupportedOperation", f"The sandbox does not emulate {what}.")
