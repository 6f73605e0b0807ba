"""pods/eviction: a deletion that asks the Pod's PodDisruptionBudget first."""

from dataclasses import dataclass

from sandbox.kubernetes import admission
from sandbox.kubernetes.auth import User
from sandbox.kubernetes.controllers.disruption import BUDGET, POD
from sandbox.kubernetes.controllers.family import is_terminating, set_condition
from sandbox.kubernetes.controllers.pods import is_ready, phase
from sandbox.kubernetes.controllers.selectors import selects
from sandbox.kubernetes.errors import BadRequest, Cause, InternalError, TooManyRequests
from sandbox.kubernetes.http import Request, Response, answer
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.objects import now
from sandbox.kubernetes.routes import Target
from sandbox.kubernetes.store import Store

VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."
# Since 1.22 as policy/v1; the older name is still read.
VERSIONS = ("policy/v1", "policy/v1beta1")
CONDITION_MINOR = 26
UNPROTECTED = ("Pending", "Succeeded", "Failed")


@dataclass(frozen=True)
class Evictor:
    store: Store
    minor: int

    async def evict(self, target: Target, request: Request, user: User) -> Response:
        wanted = self._wanted(target, request)
        by = admission.caller_of(request, user, "CreateOptions")
        asked = admission.Attributes("CREATE", target.kind, wanted, None, by, *target.place)
        await admission.admitted(self.store, asked)
        pod = self.store.get(POD, target.namespace, target.name)
        options = wanted.get("deleteOptions") or {}
        dry = request.is_dry_run or options.get("dryRun") == ["All"]
        budget = self._budget(pod)
        if budget is not None and not _is_spared(pod, budget):
            self._spend(budget, pod, dry=dry)
        self._delete(pod, options, dry=dry)
        response = answer(
            {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "code": 201,
            },
            201,
        )
        response.warnings = list(by.warnings)
        return response

    @staticmethod
    def _wanted(target: Target, request: Request) -> Object:
        body = request.document()
        wanted: Object = body if isinstance(body, dict) else {}
        said = (wanted.get("apiVersion", VERSIONS[0]), wanted.get("kind", "Eviction"))
        if said[0] not in VERSIONS or said[1] != "Eviction":
            raise BadRequest(f"the object provided is unrecognized: {said[0]}, Kind={said[1]}")
        name = (wanted.setdefault("metadata", {})).setdefault("name", target.name)
        if name != target.name:
            raise BadRequest("name in URL does not match name in Eviction object")
        return wanted

    def _budget(self, pod: Object) -> Object | None:
        """The one budget in the way; none for a Pod that serves nobody (canIgnorePDB)."""
        if phase(pod) in UNPROTECTED or is_terminating(pod):
            return None
        labels = pod["metadata"].get("labels")
        found = [
            budget
            for budget in self.store.list(BUDGET, pod["metadata"]["namespace"])
            if selects(budget["spec"].get("selector"), labels)
        ]
        if len(found) > 1:
            raise InternalError(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource"
                " does not support."
            )
        return found[0] if found else None

    def _spend(self, budget: Object, pod: Object, *, dry: bool) -> None:
        """checkAndDecrement: one disruption less, or 429."""
        metadata, status = budget["metadata"], budget.get("status") or {}
        name = metadata["name"]
        if status.get("observedGeneration", 0) < metadata.get("generation", 1):
            why = f"The disruption budget {name} is still being processed by the server."
            raise _refused(why, {"retryAfterSeconds": 10})
        if status.get("disruptionsAllowed", 0) < 1:
            needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
            raise _refused(
                f"The disruption budget {name} needs {needs} healthy pods and has {has} currently"
            )
        if dry:
            return

        def write(obj: Object) -> None:
            obj["status"]["disruptionsAllowed"] -= 1
            left = obj["status"]["disruptionsAllowed"]
            if not left:
                conditions = obj["status"].setdefault("conditions", [])
                set_condition(conditions, "DisruptionAllowed", "False", reason="InsufficientPods")
            obj["status"].setdefault("disruptedPods", {})[pod["metadata"]["name"]] = now()

        self.store.change(BUDGET, metadata["namespace"], name, write, subresource="status")

    def _delete(self, pod: Object, options: Object, *, dry: bool) -> None:
        metadata, wanted = pod["metadata"], options.get("preconditions") or {}
        place = (POD, metadata["namespace"], metadata["name"])
        if not dry and self.minor >= CONDITION_MINOR and phase(pod) not in UNPROTECTED:
            self.store.change(*place, _marked, subresource="status")
        self.store.delete(
            *place,
            uid=wanted.get("uid"),
            grace_seconds=options.get("gracePeriodSeconds"),
            dry_run=dry,
        )


def _marked(pod: Object) -> None:
    conditions = pod["status"].setdefault("conditions", [])
    conditions[:] = [c for c in conditions if c["type"] != "DisruptionTarget"]
    conditions.append(
        {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
            "lastProbeTime": None,
            "lastTransitionTime": now(),
        }
    )


def _is_spared(pod: Object, budget: Object) -> bool:
    """An unready Pod may go while enough others are healthy, or always, as the policy says."""
    if is_ready(pod):
        return False
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status") or {}
    desired = status.get("desiredHealthy", 0)
    return bool(desired > 0 and status.get("currentHealthy", 0) >= desired)


def _refused(why: str, details: Object | None = None) -> TooManyRequests:
    cause = Cause("DisruptionBudget", "", why).as_json()
    del cause["field"]
    return TooManyRequests(VIOLATES, {**(details or {}), "causes": [cause]})
