"""Who may do what: three roles, kept as Django groups of the same names."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from console.models import Cluster

AnyUser = User | AnonymousUser


class Role(StrEnum):
    """Each role may do what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


_RANK = {role: rank for rank, role in enumerate(Role)}


def role_of(user: AnyUser) -> Role | None:
    """The user's highest role, read afresh, once per request; None for strangers, the disabled."""
    if not isinstance(user, SimpleLazyObject):
        return _read(user)
    # `request.user`: a page asks several times.
    if not hasattr(user, "_podgate_role"):
        user._podgate_role = _read(user)
    held: Role | None = user._podgate_role
    return held


def _read(user: AnyUser) -> Role | None:
    if not user.is_authenticated or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    names = user.groups.filter(name__in=list(Role)).values_list("name", flat=True)
    return max((Role(name) for name in names), key=_RANK.__getitem__, default=None)


def has_role(user: AnyUser, role: Role) -> bool:
    held = role_of(user)
    return held is not None and _RANK[held] >= _RANK[role]


def check_role(user: AnyUser, role: Role) -> None:
    """Raise PermissionDenied unless the user holds `role` or a higher one."""
    if not has_role(user, role):
        raise PermissionDenied(_("This needs the role %(role)s.") % {"role": role.value})


def cluster_for(user: AnyUser, cluster_id: str, role: Role = Role.VIEWER) -> Cluster:
    """The cluster, if this user may act in it as `role`; else Http404 or PermissionDenied."""
    check_role(user, role)
    try:
        return Cluster.objects.select_related("account").get(cluster_id=cluster_id)
    except Cluster.DoesNotExist:
        raise Http404(_("No cluster %(id)s.") % {"id": cluster_id}) from None


def require_role[**P, R: HttpResponseBase](
    role: Role,
) -> Callable[[Callable[Concatenate[Any, P], R]], Callable[Concatenate[Any, P], R]]:
    """View decorator: 403 for users below `role` (anonymous ones were sent to the login)."""

    def decorate(view: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
        @wraps(view)
        def checked(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
            check_role(request.user, role)
            return view(request, *args, **kwargs)

        return checked

    return decorate
