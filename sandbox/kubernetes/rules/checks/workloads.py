"""Deployments, ReplicaSets, StatefulSets, DaemonSets: selectors, templates, strategies."""

from sandbox.kubernetes.errors import Cause
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.rules.checks import pods, words

# All that an update of a StatefulSet's spec may touch.
_STATEFULSET_MUTABLE = {
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
}  # fmt: skip
_STATEFULSET_RULE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template',"
    " 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and"
    " 'minReadySeconds' are forbidden"
)
_OPERATORS = ("DoesNotExist", "Exists", "In", "NotIn")


def problems(obj: Object, old: Object | None) -> list[Cause]:
    spec = obj["spec"]
    found = words.non_negative("spec.replicas", spec.get("replicas"))
    found += words.non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    found += selector_problems("spec.selector", spec.get("selector"))
    if not found:
        found += _selects_its_template(spec)
    found += _template(spec["template"])
    found += _strategy(obj)
    if old is not None:
        found += _changes(obj, old["spec"])
    return found


def selector_problems(field: str, selector: Object | None) -> list[Cause]:
    if selector is None:
        return [words.required(field)]
    labels = selector.get("matchLabels") or {}
    rules = selector.get("matchExpressions") or []
    if not labels and not rules:
        return [words.invalid(field, selector, "empty selector is invalid for deployment")]
    found = words.labels(f"{field}.matchLabels", labels)
    for index, rule in enumerate(rules):
        if rule.get("operator") not in _OPERATORS:
            place = f"{field}.matchExpressions[{index}].operator"
            found.append(
                words.invalid(place, rule.get("operator"), "not a valid selector operator")
            )
    return found


def matches(selector: Object, labels: dict[str, str]) -> bool:
    """Whether a LabelSelector selects these labels."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(_satisfies(rule, labels) for rule in selector.get("matchExpressions") or ())


def _satisfies(rule: Object, labels: dict[str, str]) -> bool:
    value, values = labels.get(rule["key"]), rule.get("values") or []
    match rule["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
    return value is None


def _selects_its_template(spec: Object) -> list[Cause]:
    labels = spec["template"]["metadata"].get("labels") or {}
    if matches(spec["selector"], labels):
        return []
    why = "`selector` does not match template `labels`"
    return [words.invalid("spec.template.metadata.labels", labels, why)]


def _template(template: Object) -> list[Cause]:
    if "spec" not in template:
        return [words.required("spec.template.spec.containers")]
    found = words.labels("spec.template.metadata.labels", template["metadata"].get("labels") or {})
    found += pods.spec_problems("spec.template.spec", template["spec"])
    policy = template["spec"]["restartPolicy"]
    if policy != "Always":
        found.append(words.unsupported("spec.template.spec.restartPolicy", policy, ("Always",)))
    return found


def _strategy(obj: Object) -> list[Cause]:
    if obj["kind"] != "Deployment":
        return []
    strategy = obj["spec"]["strategy"]
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "Recreate" and rolling:
        why = "may not be specified when strategy `type` is 'Recreate'"
        return [words.forbidden("spec.strategy.rollingUpdate", why)]
    if strategy["type"] not in ("Recreate", "RollingUpdate"):
        known = ("Recreate", "RollingUpdate")
        return [words.unsupported("spec.strategy.type", strategy["type"], known)]
    none = (0, "0%")
    if rolling and rolling["maxSurge"] in none and rolling["maxUnavailable"] in none:
        field = "spec.strategy.rollingUpdate.maxUnavailable"
        return [
            words.invalid(field, rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0")
        ]
    return []


def _changes(obj: Object, before: Object) -> list[Cause]:
    spec = obj["spec"]
    if obj["kind"] == "StatefulSet":
        names = {*spec, *before} - _STATEFULSET_MUTABLE
        if any(spec.get(name) != before.get(name) for name in names):
            return [words.forbidden("spec", _STATEFULSET_RULE)]
        return []
    if spec.get("selector") != before.get("selector"):
        return [words.immutable("spec.selector", spec.get("selector"))]
    return []
