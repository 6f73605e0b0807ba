"""What the tests of pages share: people with roles, and registered clusters without a sandbox."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from console.access import Role
from console.models import Account, Cluster

PASSWORD = "correct horse battery"


def person(role: Role | None = Role.VIEWER, name: str = "carol") -> User:
    user = User.objects.create_user(name, password=PASSWORD)
    if role:
        user.groups.add(Group.objects.get_or_create(name=role.value)[0])
    return user


def visitor(role: Role | None = Role.VIEWER, name: str = "carol") -> Client:
    """A browser logged in as a new person of this role."""
    client = Client()
    client.force_login(person(role, name))
    return client


def account(name: str = "shop-prod", **fields: Any) -> Account:
    known = {"uin": "100012345678", "region": "ap-guangzhou", "secret_id": "x", "secret_key": "y"}
    return Account.objects.create(name=name, **(known | fields))


def cluster(cluster_id: str = "cls-vpccni01", **fields: Any) -> Cluster:
    """A registered cluster that nobody watches: its rows are what a test makes them."""
    if "account" not in fields:
        fields["account"] = Account.objects.first() or account()
    known = {"server": "https://127.0.0.1:1", "credentials": ""}
    return Cluster.objects.create(cluster_id=cluster_id, **(known | fields))
