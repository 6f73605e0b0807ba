from typing import Any

import pytest

from tests.workloads.manifests import GATE, workload
from workloads import rollouts
from workloads.rollouts import State


def deployment(status: dict[str, Any], **spec: Any) -> rollouts.Rollout:
    return rollouts.progress("Deployment", workload(spec={"replicas": 3} | spec, status=status))


FULL = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3, "readyReplicas": 3}


@pytest.mark.parametrize(
    ("status", "state", "message"),
    [
        (FULL, State.COMPLETE, 'deployment "web" successfully rolled out'),
        (
            FULL | {"updatedReplicas": 1},
            State.PROGRESSING,
            'Waiting for deployment "web" rollout to finish: '
            "1 out of 3 new replicas have been updated...",
        ),
        (
            FULL | {"replicas": 4},
            State.PROGRESSING,
            'Waiting for deployment "web" rollout to finish: '
            "1 old replicas are pending termination...",
        ),
        (
            FULL | {"availableReplicas": 2},
            State.PROGRESSING,
            'Waiting for deployment "web" rollout to finish: '
            "2 of 3 updated replicas are available...",
        ),
        (
            FULL | {"observedGeneration": 2},
            State.PROGRESSING,
            "Waiting for deployment spec update to be observed...",
        ),
    ],
)
def test_a_deployment_is_told_in_the_words_of_kubectl(
    status: dict[str, Any], state: State, message: str
) -> None:
    assert deployment(status) == rollouts.Rollout(state, message)


def test_a_deployment_past_its_deadline_is_stuck_and_says_why() -> None:
    condition = {
        "type": "Progressing",
        "status": "False",
        "reason": "ProgressDeadlineExceeded",
        "message": 'ReplicaSet "web-2" has timed out progressing.',
    }
    told = deployment(FULL | {"conditions": [condition]})
    assert told.state is State.STUCK
    assert told.message == (
        'deployment "web" exceeded its progress deadline: '
        'ReplicaSet "web-2" has timed out progressing.'
    )


def test_a_replica_failure_is_the_reason_a_rollout_is_stuck() -> None:
    condition = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": "exceeded quota: pods=3",
    }
    told = deployment(FULL | {"updatedReplicas": 1, "conditions": [condition]})
    assert told.state is State.STUCK
    assert told.message.endswith("FailedCreate: exceeded quota: pods=3")


def test_a_paused_deployment_is_paused_however_far_it_is() -> None:
    assert deployment(FULL, paused=True).state is State.PAUSED
    assert deployment(FULL | {"updatedReplicas": 1}, paused=True).state is State.PAUSED


def test_a_deployment_scaled_to_zero_is_complete() -> None:
    assert deployment({}, replicas=0).state is State.COMPLETE


def stateful(status: dict[str, Any], **strategy: Any) -> rollouts.Rollout:
    spec = {"replicas": 3, "updateStrategy": {"type": "RollingUpdate"} | strategy}
    return rollouts.progress("StatefulSet", workload(spec=spec, status=status))


REVISIONS = {"currentRevision": "web-1", "updateRevision": "web-1", "currentReplicas": 3}


@pytest.mark.parametrize(
    ("status", "strategy", "state", "message"),
    [
        (
            REVISIONS | {"readyReplicas": 3},
            {},
            State.COMPLETE,
            "statefulset rolling update complete 3 pods at revision web-1...",
        ),
        (
            REVISIONS | {"readyReplicas": 1},
            {},
            State.PROGRESSING,
            "Waiting for 2 pods to be ready...",
        ),
        (
            REVISIONS | {"readyReplicas": 3, "updateRevision": "web-2", "updatedReplicas": 1},
            {},
            State.PROGRESSING,
            "waiting for statefulset rolling update to complete 1 pods at revision web-2...",
        ),
        (
            REVISIONS | {"readyReplicas": 3, "updatedReplicas": 0},
            {"rollingUpdate": {"partition": 2}},
            State.PROGRESSING,
            "Waiting for partitioned roll out to finish: 0 out of 1 new pods have been updated...",
        ),
        (
            REVISIONS | {"readyReplicas": 3, "updatedReplicas": 1},
            {"rollingUpdate": {"partition": 2}},
            State.COMPLETE,
            "partitioned roll out complete: 1 new pods have been updated...",
        ),
        (
            {"observedGeneration": 0},
            {},
            State.PROGRESSING,
            "Waiting for statefulset spec update to be observed...",
        ),
    ],
)
def test_a_stateful_set_is_told_in_the_words_of_kubectl(
    status: dict[str, Any], strategy: dict[str, Any], state: State, message: str
) -> None:
    assert stateful(status, **strategy) == rollouts.Rollout(state, message)


def daemon(status: dict[str, Any]) -> rollouts.Rollout:
    return rollouts.progress("DaemonSet", workload(spec={}, status=status))


@pytest.mark.parametrize(
    ("status", "state", "message"),
    [
        (
            {"desiredNumberScheduled": 4, "updatedNumberScheduled": 4, "numberAvailable": 4},
            State.COMPLETE,
            'daemon set "web" successfully rolled out',
        ),
        (
            {"desiredNumberScheduled": 4, "updatedNumberScheduled": 1, "numberAvailable": 4},
            State.PROGRESSING,
            'Waiting for daemon set "web" rollout to finish: '
            "1 out of 4 new pods have been updated...",
        ),
        (
            {"desiredNumberScheduled": 4, "updatedNumberScheduled": 4, "numberAvailable": 2},
            State.PROGRESSING,
            'Waiting for daemon set "web" rollout to finish: 2 of 4 updated pods are available...',
        ),
    ],
)
def test_a_daemon_set_is_told_in_the_words_of_kubectl(
    status: dict[str, Any], state: State, message: str
) -> None:
    assert daemon(status) == rollouts.Rollout(state, message)


def test_the_row_takes_labels_and_gates_of_the_template_never_the_workloads_own() -> None:
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [], "readinessGates": [{"conditionType": GATE}]},
    }
    spec = {"template": template, "selector": {"matchLabels": {"app": "web"}}}
    row = rollouts.row("Deployment", workload(spec=spec, status=FULL), add_on="GLOBAL_ROUTER")
    assert row.template_labels == {"app": "web"}
    assert row.template_gates == [GATE]
    assert row.network_mode == "route"
    assert row.replicas == 1
