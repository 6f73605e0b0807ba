"""Judges a cluster, or one Service on it, by the use limits; exit code 1 when something blocks."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.models import Cluster
from services import facts, manifests
from services.limits import (
    Evidence,
    Facts,
    Mode,
    Problem,
    Severity,
    Verdict,
    judge,
    readiness,
)
from services.limits.problem import to_json
from services.manifests import Written
from services.models import Binding

MARKS = {"blocks": "BLOCKS", "warns": "warns", "informs": "informs"}


class Command(BaseCommand):
    help = "Judge a cluster's direct access, or a Service's manifest, by the use limits."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster_id")
        parser.add_argument(
            "-f",
            "--filename",
            help="a manifest with one Service, and its TkeServiceConfig if it has one; - for stdin",
        )
        parser.add_argument("--json", action="store_true", help="for pipelines")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = (
            Cluster.objects.select_related("account")
            .filter(cluster_id=options["cluster_id"])
            .first()
        )
        if cluster is None:
            raise CommandError(f"No cluster {options['cluster_id']}.", returncode=2)
        if options["filename"]:
            answer = of_service(cluster, _written(options["filename"]))
        else:
            answer = of_cluster(cluster)
        self.stdout.write(json.dumps(answer, indent=2) if options["json"] else text(answer))
        if not answer["ok"]:
            raise CommandError(f"{cluster.cluster_id}: something blocks.", returncode=1)


def of_cluster(cluster: Cluster) -> dict[str, Any]:
    """Both modes: the cluster is good when Pods can be bound in one of them."""
    known = facts.of_cluster(cluster, is_live=True)
    modes = {mode.value: readiness(known, mode) for mode in Mode}
    return {
        "cluster": cluster.cluster_id,
        "ok": not all(verdict.is_blocked for verdict in modes.values()),
        "modes": {mode: _verdict(verdict) for mode, verdict in modes.items()},
    }


def of_service(cluster: Cluster, service: Written) -> dict[str, Any]:
    spec = service.spec
    bound = Binding.objects.filter(cluster=cluster, namespace=spec.namespace, name=spec.name)
    # A Service that is there already has its load balancer, and needs no other.
    lb_id = bound.values_list("lb_id", flat=True).first() or ""
    known: Facts = facts.live(cluster, spec, lb_id=lb_id)
    verdict = judge(spec, known)
    refused = tuple(_refused(name, why) for name, why in service.refused)
    return {
        "cluster": cluster.cluster_id,
        "service": f"{spec.namespace}/{spec.name}",
        **_verdict(replace(verdict, problems=(*refused, *verdict.problems))),
    }


def _refused(name: str, why: str) -> Problem:
    """What the binding would be Blocked with."""
    return Problem(
        "UnsupportedAnnotation",
        Severity.BLOCKS,
        f"Annotation {name} is not supported: {why}.",
        "Remove it.",
        (Evidence("Service", "metadata.annotations", name),),
    )


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "ok": not verdict.is_blocked,
        "problems": [to_json(problem) for problem in verdict.problems],
        "passed": [str(text) for text in verdict.passed],
    }


def _written(filename: str) -> Written:
    try:
        text = sys.stdin.read() if filename == "-" else Path(filename).read_text()
        return manifests.written(list(yaml.safe_load_all(text)))
    except (OSError, yaml.YAMLError, manifests.Unreadable) as error:
        raise CommandError(f"{filename}: {error}", returncode=2) from error


def text(answer: Mapping[str, Any]) -> str:
    """For people: what blocks first, then all that passed."""
    parts = answer.get("modes") or {answer["service"]: answer}
    lines = [answer["cluster"]]
    for name, part in parts.items():
        lines += ["", f"{name}: {'ready' if part['ok'] else 'blocked'}", *_lines(part)]
    return "\n".join(lines)


def _lines(part: Mapping[str, Any]) -> Sequence[str]:
    lines = []
    for problem in part["problems"]:
        lines.append(f"  {MARKS[problem['severity']]:8}{problem['code']}: {problem['message']}")
        lines += [f"          {line}" for line in (problem["fix"], problem["link"]) if line]
        lines += [
            f"          seen: {one['source']} {one['field']} = {one['value']}"
            for one in problem["evidence"]
        ]
    return [*lines, *(f"  passed  {said}" for said in part["passed"])]
