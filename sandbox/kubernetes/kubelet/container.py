"""A container of a Pod over all its runs: its state, its restarts, what its probes think."""

import uuid
from dataclasses import dataclass, field

from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.kubelet.process import KILLED, Process
from sandbox.kubernetes.objects import now

FIRST_BACKOFF, LAST_BACKOFF = 10, 300
# A container that ran this long starts with a clean slate.
FORGIVEN = 600


@dataclass
class Container:
    spec: Object
    restarts: int = 0
    process: Process | None = None
    ready: bool = False
    started: bool = False
    backoff: int = 0
    state: Object = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last: Object = field(default_factory=dict)
    id: str = ""

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def is_running(self) -> bool:
        return "running" in self.state

    @classmethod
    def resumed(cls, spec: Object, status: Object | None) -> "Container":
        """After the node came back: what ran is a run that was lost, and it starts once more."""
        if status is None or not status.get("containerID"):
            return cls(spec)
        lost = status.get("state", {})
        container = cls(spec, restarts=status.get("restartCount", 0) + 1)
        began = (lost.get("running") or {}).get("startedAt", now())
        container.last = {
            "terminated": lost.get("terminated")
            or _ended(status["containerID"], 255, "Unknown", began)
        }
        return container

    def run(self, process: Process) -> None:
        self.process = process
        self.id = f"containerd://{uuid.uuid4().hex}{uuid.uuid4().hex}"
        self.state = {"running": {"startedAt": now()}}
        self.started = "startupProbe" not in self.spec
        self.ready = self.started and "readinessProbe" not in self.spec

    def end(self, exit_code: int, reason: str = "") -> None:
        """The process is gone."""
        began = (self.state.get("running") or {}).get("startedAt", now())
        if self.process is not None and self.process.age > FORGIVEN:
            self.backoff = 0
        self.process, self.ready, self.started = None, False, False
        words = {0: "Completed", KILLED: "Error"}
        reason = reason or words.get(exit_code, "Error")
        self.state = {"terminated": _ended(self.id, exit_code, reason, began)}

    def wait_for_restart(self, pod: Object) -> int:
        """Waits in the crash loop; emulated seconds of it. The first restart comes at once."""
        seconds, self.backoff = self.backoff, min(self.backoff * 2 or FIRST_BACKOFF, LAST_BACKOFF)
        self.last = self.state
        self.restarts += 1
        metadata = pod["metadata"]
        if seconds:
            where = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
            message = f"back-off {seconds}s restarting failed container={self.name} pod={where}"
            self.state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        return seconds

    def status(self) -> Object:
        image = self.spec.get("image", "")
        return {
            "name": self.name,
            "image": image,
            "imageID": f"sandbox.podgate.dev/{image}" if self.id else "",
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": self.state,
            "lastState": self.last,
            **({"containerID": self.id} if self.id else {}),
        }


def _ended(container_id: str, exit_code: int, reason: str, began: str) -> Object:
    return {
        "exitCode": exit_code,
        "reason": reason,
        "startedAt": began,
        "finishedAt": now(),
        "containerID": container_id,
    }


def pre_stop_seconds(spec: Object) -> float:
    """How long the preStop hook takes: a sleep action, or an exec whose command sleeps."""
    hook = (spec.get("lifecycle") or {}).get("preStop") or {}
    if "sleep" in hook:
        return float(hook["sleep"]["seconds"])
    words = " ".join((hook.get("exec") or {}).get("command") or ()).split()
    after = words[words.index("sleep") + 1 :] if "sleep" in words else []
    number = after[0].rstrip("s;") if after else "0"
    return float(number) if number.replace(".", "", 1).isdigit() else 0.0
