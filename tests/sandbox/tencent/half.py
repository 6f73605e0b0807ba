"""The Tencent half in a thread of the test process, and the unmodified SDK in front of it."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Coroutine
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any

from tencentcloud.billing.v20180709.billing_client import BillingClient
from tencentcloud.clb.v20180317.clb_client import ClbClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312.cvm_client import CvmClient
from tencentcloud.sts.v20180813.sts_client import StsClient
from tencentcloud.tke.v20180525.tke_client import TkeClient
from tencentcloud.vpc.v20170312.vpc_client import VpcClient

from sandbox import family, net, world
from sandbox.tencent import main
from tests.wait import PATIENCE, until

TIME_SCALE = 0.02
LONG = 100_000
CLIENTS = {
    "clb": ClbClient,
    "tke": TkeClient,
    "vpc": VpcClient,
    "cvm": CvmClient,
    "billing": BillingClient,
    "sts": StsClient,
}
Document = dict[str, Any]


class Refused(Exception):
    """What the SDK raised: the API's code, or ClientNetworkError and the like."""

    def __init__(self, error: TencentCloudSDKException) -> None:
        super().__init__(str(error))
        self.code: str = error.get_code()
        self.message: str = error.get_message()
        self.request_id: str | None = error.get_request_id()


class Half:
    """A running Tencent half on a network of its own."""

    def __init__(self, state: Path, *, health: str = "probe") -> None:
        self.loop = family.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._lock = _locked(state)
        self.world = world.open_world(
            state, self._lock.net, time_scale=TIME_SCALE, certificates=_no_certificates
        )
        start = main.start(state, self.world, time_scale=TIME_SCALE, health=health)
        self.running = self.run(start)

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(PATIENCE)

    def stop(self) -> None:
        self.run(self.running.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()
        self._lock.release()

    def ip(self, rest: str) -> str:
        return self.world.net.ip(rest)

    # The API
    def client(self, service: str, **credentials: str) -> Any:
        facts = {**self.world.tencent, **credentials}
        place = HttpProfile(protocol="http", endpoint=facts["endpoint"].removeprefix("http://"))
        return CLIENTS[service](
            Credential(facts["secret_id"], facts["secret_key"]),
            facts["region"],
            ClientProfile(httpProfile=place, language="en-US"),
        )

    def call(self, service: str, action: str, **params: Any) -> Document:
        return send(self.client(service), action, params)

    def clb(self, action: str, **params: Any) -> Document:
        return self.call("clb", action, **params)

    def finished(self, answer: Document) -> Document:
        """The task of this answer, once it has ended."""

        def status() -> Document | None:
            task = self.clb("DescribeTaskStatus", TaskId=answer["RequestId"])
            return None if task["Status"] == 2 else task

        task = until(status, every=0.1)
        assert task is not None
        return task

    # The control API
    def control(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.world.tencent['endpoint']}/_sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with opener().open(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    def fault(self, name: str, **details: Any) -> None:
        self.control("POST", "faults", {"fault": name, **details})

    # Time
    def hold(self, action: str) -> None:
        """The next task of this action ends only when `release` is called."""
        self.fault("stuck_task", action=action, times=1, stuck=LONG)

    def release(self) -> None:
        self.pass_time(LONG)

    def pass_time(self, seconds: float) -> None:
        """Emulated time that passes at once."""
        self.control("POST", "clock", {"advance": seconds})

    # Things most tests need
    def load_balancer(self) -> str:
        """The id of a load balancer that is running; made by hand, so it takes no time."""
        found: str = self.control("POST", "lb", {"name": "test"})["id"]
        return found

    def listener(self, lb: str, port: int = 80, protocol: str = "TCP", **check: Any) -> str:
        body = {"port": port, "protocol": protocol, "health_check": check}
        found: str = self.control("POST", f"lb/{lb}/listeners", body)["id"]
        return found

    def register(self, lb: str, listener: str, *targets: Document) -> Document:
        bound = [{"ListenerId": listener, "Port": 8080, **target} for target in targets]
        return self.clb("BatchRegisterTargets", LoadBalancerId=lb, Targets=bound)

    def health(self, lb: str) -> dict[str, str]:
        """What the health check says, by address."""
        answer = self.clb("DescribeTargetHealth", LoadBalancerIds=[lb])
        return {
            f"{target['IP']}:{target['Port']}": target["HealthStatusDetail"]
            for listener in answer["LoadBalancers"][0]["Listeners"]
            for target in listener["Rules"][0]["Targets"]
        }

    def vip(self, lb: str) -> str:
        found = self.clb("DescribeLoadBalancers", LoadBalancerIds=[lb])
        vip: str = found["LoadBalancerSet"][0]["LoadBalancerVips"][0]
        return vip


def _locked(state: Path) -> net.Lock:
    """The network this state has already, else a free one."""
    halves = (net.Half.TENCENT,)
    if facts := world.written(state):
        return net.lock(int(facts["net"].rpartition(".")[2]), halves)
    return net.lock_any(str(state), halves)


@cache
def opener() -> urllib.request.OpenerDirector:
    """Made once: each one loads every CA certificate of the machine."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def send(client: Any, action: str, params: Document) -> Document:
    try:
        answer: Document = client.call_json(action, params)["Response"]
    except TencentCloudSDKException as error:
        raise Refused(error) from None
    return answer


def _no_certificates(state: Path, network: net.Net) -> dict[str, str]:
    return {cluster.id: "-----BEGIN CERTIFICATE-----" for cluster in world.clusters(network)}
