"""What no cloud offers: faults, the call log, quotas, and changes made behind one's back.

JSON under `/_sandbox/`, loopback only, without a signature; tests and the sandbox page share it.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec

from sandbox.tencent import answers
from sandbox.tencent.api import Gateway
from sandbox.tencent.clock import written_now
from sandbox.tencent.errors import ApiError
from sandbox.tencent.listeners import health_check, remove_listeners
from sandbox.tencent.model import Listener, LoadBalancer, fresh_id
from sandbox.tencent.networks import Networks
from sandbox.tencent.security import Policy
from sandbox.tencent.targets import Change, bind, unbind
from sandbox.tencent.wire import Reply, Request

PREFIX = "/_sandbox/"
Document = dict[str, Any]


class Control:
    """Routes are (method, first word of the path); what follows it are the arguments."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._cloud = gateway.cloud
        self._routes: dict[tuple[str, str], Callable[..., Any]] = {
            ("GET", "healthz"): lambda body: {"ok": True},
            ("GET", "faults"): lambda body: self._cloud.faults.listed(),
            ("POST", "faults"): self._switch_on,
            ("DELETE", "faults"): self._switch_off,
            ("POST", "quota"): lambda body: self._cloud.quotas.set(body),
            ("GET", "quota"): lambda body: self._cloud.quotas.limits,
            ("GET", "account"): lambda body: self._networks.account(),
            ("POST", "account_type"): lambda body: self._networks.set_account_type(body["type"]),
            ("POST", "arrears"): lambda body: self._networks.set_arrears(bool(body["on"])),
            ("POST", "tke_ccn"): lambda body: self._networks.offer_tke_ccn(bool(body["offered"])),
            ("POST", "ticket_route"): lambda body: self._networks.route_by_ticket(
                body["vpc"], bool(body["on"])
            ),
            ("POST", "groups"): lambda body: self._networks.security.guard(
                body["of"], body["groups"]
            ),
            ("POST", "ccn"): self._ccn,
            ("POST", "ccn_route"): self._announce,
            ("DELETE", "ccn_route"): self._withdraw,
            ("POST", "cluster"): lambda body: self._cloud.conditions.set(body.pop("id"), body),
            ("POST", "subnet"): lambda body: self._cloud.conditions.use_up(
                body["id"], bool(body["used_up"])
            ),
            ("POST", "interface"): lambda body: self._cloud.conditions.set_interface(
                body.pop("id"), body
            ),
            ("POST", "rule"): self._rule,
            ("DELETE", "rule"): self._no_rule,
            ("POST", "clock"): lambda body: self._cloud.clock.advance(float(body["advance"])),
            ("GET", "clock"): lambda body: {"now": self._cloud.clock.now()},
            ("GET", "lb"): self._shown,
            ("DELETE", "lb"): self._removed,
            ("POST", "lb"): self._added,
        }

    @property
    def _networks(self) -> Networks:
        return self._cloud.networks

    async def answer(self, request: Request) -> Reply:
        word, *rest = [unquote(part) for part in request.path.removeprefix(PREFIX).split("/")]
        if (request.method, word) == ("GET", "calls"):
            return Reply(self._gateway.log.since(float(request.query.get("since", 0))))
        if (request.method, word) == ("GET", "verdicts"):
            return Reply(list(self._cloud.checks.verdicts))
        if (request.method, word) == ("POST", "reset"):
            await self._gateway.reset()
            return Reply({"ok": True})
        route = self._routes.get((request.method, word))
        if route is None:
            return Reply({"message": "no such control"}, status=404)
        try:
            body = msgspec.json.decode(request.body or b"{}")
            return Reply(route(body, *rest))
        except ApiError as error:
            return Reply({"message": error.message, "code": error.code}, status=404)
        except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
            return Reply({"message": f"bad request: {error}"}, status=400)

    def _ccn(self, body: Document) -> None:
        """Its state, such as ISOLATED; or `detach`, a VPC that is in it no more."""
        ccn = self._networks.ccns[body["id"]]
        ccn.state = body.get("state", ccn.state)
        if vpc := body.get("detach"):
            self._networks.detach(ccn, vpc)
        self._networks.ccn_changed()

    def _announce(self, body: Document) -> Document:
        """A route of somebody else's in a CCN, a data centre's for instance; or one switched."""
        ccn = self._networks.ccns[body["ccn"]]
        kind = body.get("type", "DIRECTCONNECT")
        route = self._networks.announce(ccn, body["instance"], self._cidr(body), kind)
        route.enabled = bool(body.get("enabled", route.enabled))
        self._networks.ccn_changed()
        return {"id": route.id, "enabled": route.enabled}

    def _withdraw(self, body: Document) -> None:
        ccn = self._networks.ccns[body["ccn"]]
        self._networks.withdraw(ccn, body["instance"], self._cidr(body))

    def _cidr(self, body: Document) -> str:
        """As it is given, or the container network `of` a cluster."""
        if cidr := body.get("cidr"):
            return str(cidr)
        clusters = {cluster.id: cluster for cluster in self._cloud.world.clusters}
        return str(clusters[body["of"]].pod_cidrs[0])

    def _rule(self, body: Document) -> None:
        """One rule of a security group at an index: a Policy's fields beside `of` and `at`."""
        group, at = self._networks.security.groups[body.pop("of")], int(body.pop("at", 0))
        group.ingress.insert(at, msgspec.convert(body, Policy))
        self._networks.security.changed(group)

    def _no_rule(self, body: Document) -> None:
        group = self._networks.security.groups[body["of"]]
        if int(body["at"]) >= len(group.ingress):
            raise ValueError(f"{group.id} has no rule {body['at']}")
        del group.ingress[int(body["at"])]
        self._networks.security.changed(group)

    def _switch_on(self, body: Document) -> Document:
        return {"id": self._cloud.faults.switch_on(body).id}

    def _switch_off(self, body: Document, name: str | None = None) -> None:
        self._cloud.faults.switch_off(name)

    def _shown(self, body: Document, id: str = "") -> Any:
        """`lb` shows all there is, `lb/<id>` one load balancer with listeners and targets."""
        if not id:
            return [self._shown(body, each) for each in self._cloud.balancers]
        balancer = self._cloud.balancer(id)
        shown = answers.load_balancer(balancer, counted=True)
        return {**shown, "Listeners": [_listener(each) for each in balancer.listeners.values()]}

    def _removed(self, body: Any, id: str, *rest: str) -> None:
        """`lb/<id>`, `lb/<id>/listeners/<id>` or, with a list of them, its `/targets`: by hand."""
        balancer = self._cloud.balancer(id)
        match rest:
            case ():
                self._cloud.removed(balancer)
            case ("listeners", listener_id):
                self._cloud.listener(balancer, listener_id)
                remove_listeners(self._cloud, id, [listener_id])
            case ("listeners", listener_id, "targets"):
                self._cloud.listener(balancer, listener_id)
                unbind(balancer, _changes(listener_id, body))
                self._cloud.changed(balancer)
            case _:
                raise ValueError("unknown path")

    def _added(self, body: Any, id: str = "", *rest: str) -> Document | None:
        """`lb` (a new one), `lb/<id>` (what is said of it), its listeners and targets: by hand."""
        if not id:
            return self._load_balancer(body)
        balancer = self._cloud.balancer(id)
        answer: Document | None = None
        match rest:
            case ():
                self._marked(balancer, body)
            case ("listeners",):
                protocol = body.get("protocol", "TCP")
                listener = Listener(
                    id=fresh_id("lbl", balancer.listeners),
                    protocol=protocol,
                    port=body["port"],
                    name=body.get("name", "by-hand"),
                    created=written_now(),
                    health_check=health_check(body.get("health_check", {}), protocol),
                )
                balancer.listeners[listener.id] = listener
                answer = {"id": listener.id}
            case ("listeners", listener_id, "targets"):
                self._cloud.listener(balancer, listener_id)
                bind(balancer, _changes(listener_id, body))
            case _:
                raise ValueError("unknown path")
        self._cloud.changed(balancer)
        return answer

    def _marked(self, balancer: LoadBalancer, body: Document) -> None:
        """What is said of one that is there: its marks and its groups."""
        known = ("delete_protect", "isolated", "banned", "snat_pro", "pass_to_target")
        groups = body.get("security_groups", balancer.security_groups)
        unknown = (set(body) - {*known, "security_groups"}) | (
            set(groups) - set(self._networks.security.groups)
        )
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        for name in known:
            setattr(balancer, name, bool(body.get(name, getattr(balancer, name))))
        balancer.security_groups = list(groups)

    def _load_balancer(self, body: Document) -> Document:
        vip = self._cloud.free_vip(self._cloud.world.net.public_vips)
        balancer = LoadBalancer(
            id=fresh_id("lb", self._cloud.balancers),
            name=body.get("name", "by-hand"),
            type="OPEN",
            vip=vip or "",
            vpc_id=body.get("vpc", self._cloud.world.clusters[0].vpc.id),
            status=1,
            created=written_now(),
            tags=body.get("tags", {}),
        )
        self._cloud.changed(balancer)
        return {"id": balancer.id, "vip": balancer.vip}


def _changes(listener_id: str, targets: list[Document]) -> list[Change]:
    """Targets as `[{"ip", "port", "weight"}]`."""
    return msgspec.convert([{"listener": listener_id, **each} for each in targets], list[Change])


def _listener(listener: Listener) -> Document:
    targets = [
        {**msgspec.to_builtins(target), "health": listener.health_of(target)}
        for target in listener.targets.values()
    ]
    return {**answers.listener(listener), "Targets": targets}
