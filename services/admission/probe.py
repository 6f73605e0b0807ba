"""A dry-run Pod in podgate-probe: proves that the API server reaches us and applies our patch."""

import time
from dataclasses import dataclass

from console.kube import Kube, KubeError, path
from services.admission.configuration import PROBE_NAMESPACE

NOT_CALLED = (
    "The API server took the dry-run Pod without calling probe.podgate.dev: it has not read the "
    "webhook configuration yet."
)
# An API server reads a new configuration a moment after it was written.
PATIENCE, EVERY = 3.0, 0.15
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"generateName": "probe-", "namespace": PROBE_NAMESPACE},
    "spec": {
        "automountServiceAccountToken": False,
        "containers": [
            {
                "name": "probe",
                "image": "podgate.dev/probe:never-run",
                # What the strictest Pod Security level asks for.
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "runAsNonRoot": True,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            }
        ],
    },
}


@dataclass(frozen=True)
class Proof:
    """`message` is the API server's own."""

    ok: bool
    seconds: float
    message: str = ""


def prove(kube: Kube, gate_type: str) -> Proof:
    """Asks until the API server calls us, or says why it cannot."""
    deadline = time.monotonic() + PATIENCE
    while True:
        proof = _once(kube, gate_type)
        if proof.message != NOT_CALLED or time.monotonic() > deadline:
            return proof
        time.sleep(EVERY)


def _once(kube: Kube, gate_type: str) -> Proof:
    started = time.monotonic()
    try:
        pod = kube.create(path("Pod", PROBE_NAMESPACE), POD, dryRun="All")
    except KubeError as error:
        return Proof(False, time.monotonic() - started, error.message or error.reason)
    took = time.monotonic() - started
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or []]
    return Proof(True, took) if gate_type in gates else Proof(False, took, NOT_CALLED)
