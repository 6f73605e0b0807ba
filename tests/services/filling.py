"""A filled Create-a-Service form, for tests to spoil."""

from typing import Any

from console.models import Account, Binder, Claim, Cluster
from services.forms import Choices, CreateServiceForm, SubnetChoice

CLUSTER_ID = "cls-vpccni01"
CREATE = f"/clusters/{CLUSTER_ID}/services/create/"
CHOICES = Choices(
    namespaces=["default", "shop"],
    subnets=[
        SubnetChoice("subnet-clb01", "clb", "ap-guangzhou-3", 250),
        SubnetChoice("subnet-full01", "full", "ap-guangzhou-3", 0),
    ],
)


def a_cluster(binder: str = Binder.CONSOLE, claim: str = Claim.CLASS) -> Cluster:
    account = Account(name="shop-prod", uin="100012345678", region="ap-guangzhou")
    return Cluster(cluster_id=CLUSTER_ID, account=account, binder=binder, claim=claim)


def filled(**changes: Any) -> dict[str, Any]:
    """What a browser sends for a right form; a change to None leaves the field out."""
    sent: dict[str, Any] = {
        "token": "0" * 32,
        "name": "bar",
        "description": "",
        "namespace": "shop",
        "access": "public",
        "direct": "on",
        "check": "on",
        "check_type": "TCP",
        "check_path": "/",
        "check_domain": "",
        "interval": "5",
        "timeout": "2",
        "healthy": "3",
        "unhealthy": "3",
        "traffic": "Cluster",
        "affinity": "None",
        "hold": "30",
        "ports-0-protocol": "TCP",
        "ports-0-target": "8080",
        "ports-0-port": "80",
        "ports-0-name": "",
        "selectors-0-key": "app",
        "selectors-0-value": "storefront",
    }
    sent.update({name.replace("__", "-"): value for name, value in changes.items()})
    return {name: value for name, value in sent.items() if value is not None}


def a_form(cluster: Cluster | None = None, **changes: Any) -> CreateServiceForm:
    return CreateServiceForm(cluster or a_cluster(), CHOICES, filled(**changes))


def second_port(**values: str) -> dict[str, Any]:
    row = {"protocol": "TCP", "target": "8443", "port": "443", "name": ""} | values
    return {f"ports__1__{name}": value for name, value in row.items()}


def said(form: CreateServiceForm, field: str) -> str:
    """The messages beside a field, or beside a field of a row."""
    form.is_valid()
    for rows in (form.ports, form.selectors):
        for row in rows:
            if field.startswith(f"{row.prefix}-"):
                return " ".join(map(str, row.errors.get(field.removeprefix(f"{row.prefix}-"), [])))
    return " ".join(map(str, form.errors.get(field, [])))
