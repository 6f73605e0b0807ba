"""Which services and actions there are: each room adds its own with `@service.action(...)`.

A handler takes the cloud and the call and returns the answer's fields, or a Started task.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.tencent.shapes import Table

if TYPE_CHECKING:
    from sandbox.tencent.cloud import Cloud
    from sandbox.tencent.tasks import Started


@dataclass(frozen=True)
class Call:
    """One verified request."""

    id: str
    service: str
    action: str
    params: dict[str, Any]
    uin: str
    secret_id: str

    def get(self, name: str, default: Any = None) -> Any:
        value = self.params.get(name)
        return default if value is None else value


Answer = dict[str, Any]
Run = Callable[["Cloud", Call], "Answer | Started"]


@dataclass(frozen=True)
class Action:
    name: str
    table: Table
    run: Run

    @property
    def writes(self) -> bool:
        return not self.name.startswith(("Describe", "Get"))


@dataclass(frozen=True)
class Service:
    """A Tencent Cloud product: the name in the credential scope, the version it answers to."""

    name: str
    version: str
    actions: dict[str, Action] = field(default_factory=dict)

    def action(self, name: str, table: Table) -> Callable[[Run], Run]:
        def add(run: Run) -> Run:
            self.actions[name] = Action(name, table, run)
            return run

        return add


CLB = Service("clb", "2018-03-17")
TKE = Service("tke", "2018-05-25")
VPC = Service("vpc", "2017-03-12")
CVM = Service("cvm", "2017-03-12")
BILLING = Service("billing", "2018-07-09")
STS = Service("sts", "2018-08-13")
SERVICES = {service.name: service for service in (CLB, TKE, VPC, CVM, BILLING, STS)}
