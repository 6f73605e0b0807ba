"""Filling the Create-a-Service form on the server: rows, Reference Workload, the YAML preview."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from console import kube
from console.models import Cluster
from services import creation, references
from services.forms import Choices, CreateServiceForm
from services.forms.rows import MOST_ROWS
from workloads import folded
from workloads.freshness import freshness

BLANK_PORT = {"protocol": "TCP", "target": "", "port": "", "node_port": "", "name": ""}
BLANK_SELECTOR = {"key": "", "value": ""}
ROWS = {"port": ("ports", BLANK_PORT), "selector": ("selectors", BLANK_SELECTOR)}


@dataclass(frozen=True)
class Changed:
    """The form's data after a button, the part of the page it shows in, and more for that part."""

    data: QueryDict
    partial: str
    more: Mapping[str, Any] = field(default_factory=dict)
    yaml: bool = False

    def context(self, form: CreateServiceForm) -> dict[str, Any]:
        shown = {"yaml": as_yaml(form)} if self.yaml else {}
        return {**self.more, **shown}


def fresh(cluster: Cluster, choices: Choices, query: QueryDict) -> CreateServiceForm:
    """A new form; ?namespace= and ?workload=deployment/storefront fill in what they say."""
    names = choices.namespaces
    asked = query.get("namespace", "")
    namespace = asked if asked in names else ("default" if "default" in names else "")
    kind, _slash, name = query.get("workload", "").partition("/")
    kind = references.kind_of(kind)
    labels = references.labels_of(cluster, namespace, kind, name) if name else None
    initial = {"namespace": namespace}
    if labels:
        initial["workload"] = f"{kind}/{name}"
    selectors = [{"key": key, "value": value} for key, value in labels or ()]
    return CreateServiceForm(cluster, choices, initial=initial, selectors=selectors or [{}])


def changed(cluster: Cluster, sent: QueryDict, do: str) -> Changed:
    """What a button does, by its value: `add-port`, `remove-selector:1`, `pick:DaemonSet`, ..."""
    action, _colon, detail = do.partition(":")
    verb, _dash, what = action.partition("-")
    data = sent.copy()
    if what in ROWS and verb == "add":
        return add_row(data, what)
    if what in ROWS and verb == "remove":
        return remove_row(data, what, detail)
    if action == "pick":
        return Changed(data, "picker", picker(cluster, data, detail))
    if action == "use":
        return use(cluster, data)
    if action == "yaml":
        return Changed(data, "preview", yaml=True)
    # "keep": after a lost session the form comes back as it was; also what nobody knows.
    return Changed(data, "", {"restored": action == "keep"})


def numbers(data: QueryDict, prefix: str) -> list[int]:
    pattern = re.compile(rf"{prefix}-([0-9]{{1,4}})-[a-z_]+")
    return sorted({int(m[1]) for name in data if (m := pattern.fullmatch(name))})


def add_row(data: QueryDict, what: str) -> Changed:
    prefix, blank = ROWS[what]
    used = numbers(data, prefix)
    if len(used) <= MOST_ROWS:
        number = used[-1] + 1 if used else 0
        for name, value in blank.items():
            data[f"{prefix}-{number}-{name}"] = value
    return Changed(data, prefix)


def remove_row(data: QueryDict, what: str, number: str) -> Changed:
    prefix, _blank = ROWS[what]
    # The last port row stays: a Service needs one.
    if what == "selector" or len(numbers(data, prefix)) > 1:
        drop(data, f"{prefix}-{number}-")
    if what == "selector":
        data["workload"] = ""
    return Changed(data, prefix)


def drop(data: QueryDict, prefix: str) -> None:
    for name in [name for name in data if name.startswith(prefix)]:
        del data[name]


def picker(cluster: Cluster, data: QueryDict, kind: str) -> dict[str, Any]:
    """The Reference Workload dialog for a kind: the form's namespace, the rows, one chosen."""
    namespace = data.get("namespace", "")
    kind = references.kind_of(kind or data.get("pick_kind", ""))
    find = data.get("find", "").strip()[:253]
    direct = data.get("access") in {"public", "private"}
    ports = CreateServiceForm(cluster, Choices([namespace], None), data).draft().ports
    rows = references.references(cluster, namespace, kind, find=find, direct=direct, ports=ports)
    total = references.count_by_kind(cluster, namespace)
    only = bool(data.get("usable"))
    shown = [row for row in rows if row.can or not only]
    # The one picked before stays picked while the list is searched.
    picked = data.get("pick") or data.get("workload", "").removeprefix(f"{kind}/")
    chosen = next((row for row in shown if row.can and row.name == picked), None)
    return {
        "picker": {
            "kind": kind,
            "kinds": [(one, total[one]) for one in references.KINDS],
            "namespace": namespace,
            "find": find,
            "only": only,
            "rows": shown,
            # Before the first list of the kind, an empty table would be a lie.
            "is_read": freshness(cluster, kind).listed,
            "hidden": len(rows) - len(shown),
            "chosen": chosen or next((row for row in shown if row.can), None),
        }
    }


def use(cluster: Cluster, data: QueryDict) -> Changed:
    """Confirm replaces all selectors by the labels of the workload's Pod template."""
    namespace, name = data.get("namespace", ""), data.get("pick", "")
    kind = references.kind_of(data.get("pick_kind", ""))
    labels = references.labels_of(cluster, namespace, kind, name)
    if not labels:
        more = picker(cluster, data, kind)
        gone = _("%(kind)s %(name)s no longer exists in %(namespace)s.")
        values = {"kind": kind, "name": name, "namespace": namespace}
        more["picker"]["error"] = gone % values if name else _("Choose a workload.")
        return Changed(data, "picker", more)
    drop(data, "selectors-")
    for number, (key, value) in enumerate(labels):
        data[f"selectors-{number}-key"] = key
        data[f"selectors-{number}-value"] = value
    data["workload"] = f"{kind}/{name}"
    return Changed(data, "selectors", {"close_picker": True})


def reference_stands(cluster: Cluster, form: CreateServiceForm) -> bool:
    """Whether the workload whose labels these are still exists; else says so in the form."""
    kind, _slash, name = form.cleaned_data.get("workload", "").partition("/")
    if kind not in references.KINDS or not name:
        return True
    namespace = form.cleaned_data["namespace"]
    try:
        kube.connect(cluster).get(kube.path(kind, namespace, name))
    except kube.NotFound:
        gone = _(
            "%(kind)s %(name)s, whose labels these are, no longer exists in %(namespace)s. Submit "
            "again to create the Service all the same."
        )
        form.add_error("workload", gone % {"kind": kind, "name": name, "namespace": namespace})
        form.data = {**form.data, "workload": ""}
        return False
    except kube.KubeError:
        # The write will say what is wrong with the API server.
        return True
    return True


def as_yaml(form: CreateServiceForm) -> str:
    """The manifests as they would be written, as far as the form is right."""
    objects = creation.objects_of(form.draft(), form.cleaned_data["token"])
    return "---\n".join(folded.dump(one) for one in (objects.service, objects.config) if one)
