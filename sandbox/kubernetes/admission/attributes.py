"""What admission is asked about: one write, before it is stored."""

from dataclasses import dataclass, field

from sandbox.kubernetes.auth import User
from sandbox.kubernetes.errors import StatusError
from sandbox.kubernetes.http import Request
from sandbox.kubernetes.kinds import Kind, Object

SCALE = Kind("autoscaling", "v1", "Scale", "scales")


@dataclass(frozen=True)
class Caller:
    """Who writes and how; `warnings` gathers what webhooks want the caller to be told."""

    user: User
    dry_run: bool = False
    options: Object = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def caller_of(request: Request, user: User, options: str) -> Caller:
    """The caller of an API request; `options` is the kind of its options, CreateOptions say."""
    said: Object = {"kind": options, "apiVersion": "meta.k8s.io/v1"}
    for name in ("fieldManager", "fieldValidation"):
        if name in request.query:
            said[name] = request.query[name]
    if request.is_dry_run:
        said["dryRun"] = ["All"]
    return Caller(user, request.is_dry_run, said)


def controller(name: str) -> Caller:
    """A controller's service account, as kube-controller-manager uses one for each."""
    return Caller(
        User(
            f"system:serviceaccount:kube-system:{name}",
            (
                "system:serviceaccounts",
                "system:serviceaccounts:kube-system",
                "system:authenticated",
            ),
        ),
        options={"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
    )


SERVER = Caller(User("system:apiserver", ("system:masters",)))


@dataclass
class Attributes:
    """One operation; webhooks change `obj`. `name` is empty until a generated one is made."""

    operation: str
    kind: Kind
    obj: Object | None
    old: Object | None
    caller: Caller
    name: str = ""
    namespace: str = ""
    subresource: str = ""

    @property
    def object_kind(self) -> Kind:
        return SCALE if self.subresource == "scale" else self.kind

    @property
    def is_namespace(self) -> bool:
        return self.kind.kind == "Namespace"

    @property
    def place(self) -> str:
        """The namespace rules and selectors look at; a Namespace is its own."""
        return self.name if self.is_namespace else self.namespace


class Denied(StatusError):
    """A webhook's no, as the Status it gave with the API server's words before its own."""

    def __init__(self, webhook: str, result: Object | None) -> None:
        status = dict(result or {})
        said = status.get("message") or status.get("reason")
        by = f'admission webhook "{webhook}" denied the request'
        status["message"] = f"{by}: {said}" if said else f"{by} without explanation"
        # An answer below 400 would be no refusal (webhook/errors.ToStatusErr).
        status["code"] = min(max(status.get("code", 0), 400), 599)
        if status.get("status") in (None, "", "Success"):
            status["status"] = "Failure"
        super().__init__(status["message"], status.get("details"))
        self.code, self.reason = status["code"], status.get("reason", "")
        self._result = status

    def status(self) -> Object:
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, **self._result}
