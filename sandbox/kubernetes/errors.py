"""What an API server refuses, as Kubernetes Status objects with the real reasons and messages."""

from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes.kinds import Kind


@dataclass(frozen=True)
class Cause:
    """One field error of a 422, worded as field.Error words it."""

    reason: str
    field: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {"reason": self.reason, "message": self.message, "field": self.field}


class StatusError(Exception):
    code = 500
    reason = "InternalError"

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}
        # What webhooks had to say before it came to this.
        self.warnings: tuple[str, ...] = ()

    def status(self) -> dict[str, Any]:
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            **({"details": self.details} if self.details else {}),
            "code": self.code,
        }


def _details(kind: Kind, name: str) -> dict[str, Any]:
    return {"name": name, **({"group": kind.group} if kind.group else {}), "kind": kind.plural}


class NotFound(StatusError):
    code, reason = 404, "NotFound"

    @classmethod
    def of(cls, kind: Kind, name: str) -> "NotFound":
        return cls(f'{kind.resource} "{name}" not found', _details(kind, name))


class NoSuchPath(NotFound):
    """A path the server does not serve at all: not emulated, or never existed."""

    def __init__(self) -> None:
        super().__init__("the server could not find the requested resource")


class AlreadyExists(StatusError):
    code, reason = 409, "AlreadyExists"

    @classmethod
    def of(cls, kind: Kind, name: str) -> "AlreadyExists":
        return cls(f'{kind.resource} "{name}" already exists', _details(kind, name))


class Conflict(StatusError):
    code, reason = 409, "Conflict"

    @classmethod
    def of(cls, kind: Kind, name: str, why: str) -> "Conflict":
        message = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
        return cls(message, _details(kind, name))

    @classmethod
    def modified(cls, kind: Kind, name: str) -> "Conflict":
        return cls.of(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and"
            " try again",
        )


class Invalid(StatusError):
    code, reason = 422, "Invalid"

    @classmethod
    def of(cls, kind: Kind, name: str, causes: list[Cause]) -> "Invalid":
        said = [f"{cause.field}: {cause.message}" for cause in causes]
        listed = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
        return cls(
            f'{kind.kind}{"." + kind.group if kind.group else ""} "{name}" is invalid: {listed}',
            {
                "name": name,
                **({"group": kind.group} if kind.group else {}),
                "kind": kind.kind,
                "causes": [cause.as_json() for cause in causes],
            },
        )


class BadRequest(StatusError):
    code, reason = 400, "BadRequest"


class Unauthorized(StatusError):
    code, reason = 401, "Unauthorized"

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class Forbidden(StatusError):
    code, reason = 403, "Forbidden"

    @classmethod
    def of(cls, kind: Kind, name: str, why: str) -> "Forbidden":
        named = f'{kind.resource} "{name}"' if name else kind.resource
        return cls(f"{named} is forbidden: {why}", _details(kind, name))


class MethodNotAllowed(StatusError):
    code, reason = 405, "MethodNotAllowed"

    def __init__(
        self, message: str = "the server does not allow this method on the requested resource"
    ) -> None:
        super().__init__(message)


class NotAcceptable(StatusError):
    code, reason = 406, "NotAcceptable"


class UnsupportedMediaType(StatusError):
    code, reason = 415, "UnsupportedMediaType"


class TooManyRequests(StatusError):
    code, reason = 429, "TooManyRequests"


class Gone(StatusError):
    """The version asked for is no longer known; list again."""

    code, reason = 410, "Expired"


class InternalError(StatusError):
    code, reason = 500, "InternalError"
