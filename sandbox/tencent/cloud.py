"""The emulated account: its load balancers and tasks in memory, on disk and in the data plane.

A room that changed a load balancer calls `changed`; everything that follows from it follows here.
"""

from ipaddress import IPv4Network

from sandbox.dataplane import DataPlane
from sandbox.faults import Faults
from sandbox.tencent.addresses import Addresses
from sandbox.tencent.clock import Clock
from sandbox.tencent.conditions import Conditions
from sandbox.tencent.errors import lb_not_found, listener_not_found
from sandbox.tencent.health import Checks
from sandbox.tencent.model import Listener, LoadBalancer
from sandbox.tencent.networks import Networks
from sandbox.tencent.quotas import Quotas
from sandbox.tencent.security import HEALTH_SOURCE
from sandbox.tencent.store import Store
from sandbox.tencent.tasks import Tasks
from sandbox.tencent.traffic import Traffic
from sandbox.world import World


class Cloud:
    """Everything behind the API of one account in one region."""

    def __init__(self, world: World, store: Store, clock: Clock) -> None:
        self.world, self.store, self.clock = world, store, clock
        self.faults = Faults(clock.now)
        self.balancers: dict[str, LoadBalancer] = {}
        self.quotas = Quotas(store)
        self.networks = Networks(store, world)
        self.conditions = Conditions(store, world)
        self.addresses = Addresses(world)
        self.traffic = Traffic(DataPlane(world.state / "vips"), clock, self.admits)
        self.checks = Checks(clock, changed=self.health_changed)
        self.tasks = Tasks(self)
        self.last_health: dict[str, dict[str, str]] = {}
        self._unsaved: set[str] = set()

    def resume(self) -> None:
        """Continue as the state directory says: every VIP served, every check and task running."""
        self.balancers = self.store.read("balancer", LoadBalancer)
        for balancer in self.balancers.values():
            self._follow(balancer)
        self.tasks.resume()

    def balancer(self, id: str) -> LoadBalancer:
        if found := self.balancers.get(id):
            return found
        raise lb_not_found(id)

    def listener(self, balancer: LoadBalancer, id: str) -> Listener:
        if found := balancer.listeners.get(id):
            return found
        raise listener_not_found([id])

    def changed(self, balancer: LoadBalancer) -> None:
        """Write it down, serve it, check it."""
        self.balancers[balancer.id] = balancer
        self.store.put("balancer", balancer.id, balancer)
        self._follow(balancer)

    def removed(self, balancer: LoadBalancer) -> None:
        balancer.listeners.clear()
        self._follow(balancer)
        self.balancers.pop(balancer.id, None)
        self.store.drop("balancer", balancer.id)

    def health_changed(self, balancer: LoadBalancer) -> None:
        """Many verdicts fall at the same moment; they are followed once."""
        if not self._unsaved:
            self.clock.after(0, self._follow_verdicts)
        self._unsaved.add(balancer.id)

    def _follow_verdicts(self) -> None:
        ids, self._unsaved = self._unsaved, set()
        for balancer in filter(None, map(self.balancers.get, ids)):
            self.store.put("balancer", balancer.id, balancer)
            self.traffic.follow(balancer)

    def _follow(self, balancer: LoadBalancer) -> None:
        self.checks.follow(balancer)
        self.traffic.follow(balancer)

    def admits(
        self, balancer: LoadBalancer, listener: Listener, client_ip: str, backend: tuple[str, int]
    ) -> bool:
        """Whether a client gets through the CLB's groups, the network and the backend's groups.

        With "allow traffic by default" only the CLB's own groups are asked. One that is isolated,
        or whose address is banned, forwards nothing.
        """
        if balancer.isolated or balancer.banned:
            return False
        # Where nothing is probed the Pods may be a real cluster's, in networks of their own.
        if not self.checks.probe:
            return True
        ip, port = backend
        security = self.networks.security
        if not security.admits(
            balancer.security_groups, client_ip, listener.protocol, listener.port
        ):
            return False
        return self.networks.reaches(balancer.vpc_id, ip) and (
            balancer.pass_to_target
            or security.admits(security.in_front_of(ip), client_ip, listener.protocol, port)
        )

    def admits_probe(self, balancer: LoadBalancer, listener: Listener, ip: str, port: int) -> bool:
        """Whether a health check's packets arrive: from the VIP or from 100.64.0.0/10."""
        check = listener.health_check
        security = self.networks.security
        source = balancer.vip if check["SourceIpType"] == 0 else HEALTH_SOURCE
        protocol = "ICMP" if check["CheckType"] == "PING" else listener.protocol
        return self.networks.reaches(balancer.vpc_id, ip) and (
            balancer.pass_to_target
            or security.admits(security.in_front_of(ip), source, protocol, port)
        )

    def free_vip(self, network: IPv4Network) -> str | None:
        """The lowest address of a subnet that nothing uses; the first few are the VPC's own."""
        used = self.used_vips() | self.addresses.taken()
        hosts = (str(host) for host in network.hosts())
        reserved = 3 if network.prefixlen < 30 else 0
        return next((host for host in list(hosts)[reserved:] if host not in used), None)

    def used_vips(self) -> set[str]:
        return {balancer.vip for balancer in self.balancers.values()}

    async def reset(self) -> None:
        """Back to the demo world."""
        for balancer in list(self.balancers.values()):
            self.removed(balancer)
        self.store.clear()
        self.faults.switch_off()
        self.quotas, self.networks = Quotas(self.store), Networks(self.store, self.world)
        self.conditions = Conditions(self.store, self.world)
        self.tasks = Tasks(self)

    async def stop(self) -> None:
        self.clock.stop()
        self.checks.stop()
        await self.traffic.stop()
        self.store.close()
