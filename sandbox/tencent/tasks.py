"""Asynchronous changes: asked for now, in effect later, one at a time per load balancer.

A task is data (which effect, with what), so that a restart finishes what was under way.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.tencent.errors import ApiError, in_operating, refuse
from sandbox.tencent.model import FAILED, RUNNING, SUCCEEDED, Task
from sandbox.tencent.registry import CLB, Answer, Call
from sandbox.tencent.shapes import Text

if TYPE_CHECKING:
    from sandbox.tencent.cloud import Cloud

Effect = Callable[["Cloud", Task], "Answer | None"]
EFFECTS: dict[str, Effect] = {}

# Emulated seconds each change takes (DOMAIN: about 10 s for a CLB, 0.5 s to 2 s for a batch).
SECONDS = {
    "CreateLoadBalancer": 10.0,
    "DeleteLoadBalancer": 3.0,
    "ModifyLoadBalancerAttributes": 0.5,
    "SetLoadBalancerSecurityGroups": 0.5,
    "CreateListener": 1.0,
    "ModifyListener": 1.0,
    "DeleteListener": 1.0,
    "DeleteLoadBalancerListeners": 1.0,
    "RegisterTargets": 1.0,
    "DeregisterTargets": 1.0,
    "BatchRegisterTargets": 0.4,
    "BatchDeregisterTargets": 0.4,
    "ModifyTargetWeight": 0.4,
    "BatchModifyTargetWeight": 0.4,
}
# A load balancer stays locked a moment longer after a big batch (tke-ext docs/inside.md).
BIG_BATCH, SETTLING = 100, 0.1
STUCK_SECONDS = 30.0
KEPT = 2000


@dataclass(frozen=True)
class Started:
    """A task under way; a batch call is answered only `when_done`, with what the effect says."""

    task: Task
    answer: Answer = field(default_factory=dict)
    when_done: asyncio.Future[Answer] | None = None


def effect(action: str) -> Callable[[Effect], Effect]:
    def add(run: Effect) -> Effect:
        EFFECTS[action] = run
        return run

    return add


class Tasks:
    """All tasks, and the lock each running one holds on its load balancers."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._all: dict[str, Task] = cloud.store.read("task", Task)
        self._locked: dict[str, object] = {}
        self._waiting: dict[str, asyncio.Future[Answer]] = {}

    def resume(self) -> None:
        """Finish what was under way when the process ended."""
        for task in self._all.values():
            if task.status == RUNNING:
                self._lock(task)
                left = max(0.0, task.ends_at - time.time()) / self._cloud.clock.scale
                self._cloud.clock.after(left, lambda task=task: self._finish(task))  # type: ignore[misc]

    def assert_free(self, id: str) -> None:
        """CLB takes one change at a time per load balancer."""
        if id in self._locked:
            raise in_operating(id)

    def start(
        self,
        call: Call,
        load_balancer_ids: Sequence[str],
        effect: dict[str, Any],
        answer: Answer | None = None,
    ) -> Started:
        """Begin a change; the load balancers are locked until it has ended."""
        for id in load_balancer_ids:
            self.assert_free(id)
        seconds = SECONDS[call.action]
        faults = self._cloud.faults
        stuck = faults.strike("stuck_task", call.action, call.params)
        if faults.strike("failed_task", call.action, call.params):
            effect = {**effect, "fails": True}
        if stuck:
            seconds = float(stuck.options.get("stuck", STUCK_SECONDS))
        ends_at = time.time() + seconds * self._cloud.clock.scale
        task = Task(call.id, call.action, list(load_balancer_ids), effect, ends_at)
        self._keep(task)
        self._lock(task)
        self._cloud.clock.after(seconds, lambda: self._finish(task))
        return Started(task, answer or {})

    def start_and_wait(self, call: Call, id: str, effect: dict[str, Any]) -> Started:
        """Begin a batch: its answer comes when it is done and says what did not work."""
        started = self.start(call, [id], effect)
        done = self._waiting[call.id] = asyncio.get_running_loop().create_future()
        return Started(started.task, when_done=done)

    def find(self, id: str) -> Task | None:
        return self._all.get(id)

    def _finish(self, task: Task) -> None:
        answer: Answer = {}
        refusal: ApiError | None = None
        try:
            if task.effect.get("fails"):
                if undo := UNDO.get(task.action):
                    undo(self._cloud, task)
                refuse("FailedOperation", "The task failed, nothing was changed.")
            answer = EFFECTS[task.action](self._cloud, task) or {}
            task.status = SUCCEEDED
        except ApiError as error:
            refusal = error
            task.status, task.message = FAILED, str(error)
        self._keep(task)
        self._unlock(task)
        waiting = self._waiting.pop(task.id, None)
        if waiting and not waiting.done():
            if refusal:
                waiting.set_exception(refusal)
            else:
                waiting.set_result(answer)

    def _lock(self, task: Task) -> None:
        for id in task.load_balancer_ids:
            self._locked[id] = task

    def _unlock(self, task: Task) -> None:
        for id in task.load_balancer_ids:
            if len(task.effect.get("targets", ())) < BIG_BATCH:
                self._locked.pop(id, None)
            else:
                self._cloud.clock.after(SETTLING, lambda id=id: self._locked.pop(id, None))  # type: ignore[misc]

    def _keep(self, task: Task) -> None:
        self._all[task.id] = task
        self._cloud.store.put("task", task.id, task)
        while len(self._all) > KEPT:
            oldest = next(iter(self._all))
            del self._all[oldest]
            self._cloud.store.drop("task", oldest)


# What a failed task takes back; only a load balancer is visible before its task has ended.
UNDO: dict[str, Callable[["Cloud", Task], None]] = {}


@CLB.action("DescribeTaskStatus", {"TaskId": Text(), "DealName": Text()})
def describe_task_status(cloud: "Cloud", call: Call) -> Answer:
    if not call.get("TaskId") and not call.get("DealName"):
        refuse("MissingParameter", "The request is missing a required parameter `TaskId`.")
    task = cloud.tasks.find(call.get("TaskId") or call.get("DealName"))
    if task is None:
        refuse("InvalidParameter", f"Task {call.get('TaskId')} not found.")
    created = task.load_balancer_ids if task.action == "CreateLoadBalancer" else []
    return {"Status": task.status, "LoadBalancerIds": created, "Message": task.message or None}
