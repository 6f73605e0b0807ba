"""A diagnosis as `manage.py explain` and the evidence bundle print it: for people, and as JSON."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from console.models import Cluster
from services.diagnosis.finding import Finding, Ref
from services.diagnosis.look import Look
from services.waiting import told

# Named in the text; the JSON has them all.
NAMED = 10


def as_text(cluster: Cluster, look: Look) -> str:
    """What is wrong, the worst first, each with what to do and where it was read."""
    head = f"{look.kind} {look.namespace}/{look.name} ({cluster.cluster_id})"
    if not look.findings:
        return f"{head}: {_('nothing is in its way.')}\n"
    lines = [f"{head}:"]
    for finding in look.findings:
        lines += ["", *_lines(finding)]
    return "\n".join(lines) + "\n"


def _lines(finding: Finding) -> list[str]:
    lines = [f"  {finding.severity.value:8}{finding.code.value}: {told(finding.sentence)}"]
    if finding.next_step:
        lines.append(f"          {_('next')}: {told(finding.next_step)}")
    if finding.about:
        lines.append(f"          {_('about')}: {_names(finding.about)}")
    if finding.remedy:
        given = ", ".join(f"{key}={value}" for key, value in finding.remedy.parameters.items())
        lines.append(f"          {_('remedy')}: {finding.remedy.name}({given})")
    return lines + [
        f"          {_('seen')}: {one.source} {one.field} = {told(one.value)}"
        for one in finding.evidence
    ]


def _names(about: Sequence[Ref]) -> str:
    names = [ref.name for ref in about]
    if len(names) <= NAMED + 1:
        return ", ".join(names)
    listed = ", ".join(names[:NAMED])
    return _("%(names)s and %(n)s more Pods") % {"names": listed, "n": len(about) - NAMED}


def as_json(cluster: Cluster, look: Look) -> dict[str, Any]:
    return {
        "cluster": cluster.cluster_id,
        "kind": look.kind,
        "namespace": look.namespace,
        "name": look.name,
        "ok": not look.findings,
        "findings": [_finding(one) for one in look.findings],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "code": one.code.value,
        "severity": one.severity.value,
        "sentence": told(one.sentence),
        "next_step": told(one.next_step),
        "evidence": [
            {
                "source": proof.source,
                "field": proof.field,
                "value": told(proof.value),
                "object": str(proof.ref) if proof.ref else "",
            }
            for proof in one.evidence
        ],
        "about": [str(ref) for ref in one.about],
        "remedy": {"name": one.remedy.name, "parameters": dict(one.remedy.parameters)}
        if one.remedy
        else None,
    }
