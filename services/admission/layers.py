"""The rows of the access layer: keys made, renewed and rotated; what the webhook's process tells.

Only one thread of that process comes here, so a database that is away never holds up an answer.
"""

import secrets as chance
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from console import activity, live, secrets
from console.models import Cluster
from services.admission import certificates, lately
from services.admission.certificates import Flaw, Pair
from services.admission.configuration import SECRET, SYSTEM_NAMESPACE, name
from services.admission.damage import FLAWS, WORDS, Damage, What
from services.admission.front import Front, host
from services.binding import cluster as clusters
from services.models import AccessLayer, Repair

# Every API server must have seen the last step of a rotation before the next is taken.
STEP = timedelta(seconds=3)
ALIVE_EVERY = timedelta(seconds=2)


def fronts(now: datetime) -> list[Front]:
    """Every cluster whose Services podgate binds, its keys in order."""
    found = Cluster.objects.filter(binder="console", leaving=False)
    installation = clusters.installation()
    return [_front(cluster, settle(cluster, now), installation) for cluster in found]


def settle(cluster: Cluster, now: datetime) -> AccessLayer:
    """The cluster's row; missing keys are made, ageing ones renewed, lost ones replaced."""
    seen = AccessLayer.objects.filter(cluster=cluster).first()
    if seen:
        seen.cluster = cluster
        before = _columns(seen)
        _put_in_order(seen, now)
        # Nearly always: nothing to write, so nothing to lock.
        if _columns(seen) == before:
            return seen
    with transaction.atomic():
        layer, _ = AccessLayer.objects.select_for_update().get_or_create(cluster=cluster)
        before = _columns(layer)
        damages = _put_in_order(layer, now)
        after = _columns(layer)
        layer.save(update_fields=[column for column in after if after[column] != before[column]])
        for damage in damages:
            repaired(cluster.pk, damage, at=now, found_by="Sweep", took=0.0)
    return layer


def _put_in_order(layer: AccessLayer, now: datetime) -> list[Damage]:
    if not layer.secret:
        layer.secret = secrets.encrypt(chance.token_urlsafe(24))
    if not layer.port:
        layer.port = _port()
    return _settle_ca(layer, now) + _settle_pair(layer, now)


def _columns(layer: AccessLayer) -> dict[str, Any]:
    return {
        field.attname: getattr(layer, field.attname)
        for field in AccessLayer._meta.concrete_fields
        if not field.primary_key
    }


def _port() -> int:
    first = settings.WEBHOOK_FIRST_PORT
    taken = set(AccessLayer.objects.values_list("port", flat=True))
    if first:
        return next(port for port in range(first, first + len(taken) + 2) if port not in taken)
    with socket.socket() as probe:
        probe.bind((settings.WEBHOOK_LISTEN, 0))
        free: int = probe.getsockname()[1]
    return free


def _readable(encrypted: str) -> str:
    try:
        return secrets.decrypt(encrypted) if encrypted else ""
    except secrets.Unreadable:
        return ""


def _settle_ca(layer: AccessLayer, now: datetime) -> list[Damage]:
    """A CA where there is none; and the next step of a rotation, once the last one is proven."""
    cluster_id = layer.cluster.cluster_id
    if not layer.ca_certificate:
        ca = certificates.authority(cluster_id, now=now)
        layer.ca_certificate, layer.ca_key = ca.certificate, secrets.encrypt(ca.key)
        return []
    if not _readable(layer.ca_key) and not layer.next_ca_certificate:
        rotate(layer, now)
        return [Damage(What.CA_LOST)]
    _step(layer, now)
    return []


def rotate(layer: AccessLayer, now: datetime) -> None:
    """A new CA, trusted beside the one that signs until the probe has proven it. Not saved."""
    ca = certificates.authority(layer.cluster.cluster_id, now=now)
    layer.next_ca_certificate, layer.next_ca_key = ca.certificate, secrets.encrypt(ca.key)
    layer.ca_step_at = now


def _step(layer: AccessLayer, now: datetime) -> None:
    is_moving = layer.next_ca_certificate or layer.old_ca_certificate
    if not is_moving or (layer.ca_step_at and now - layer.ca_step_at < STEP):
        return
    if layer.proven != _front(layer.cluster, layer, "").fingerprint:
        return
    if layer.next_ca_certificate:
        # Both are trusted: from now on the new one signs.
        layer.old_ca_certificate = layer.ca_certificate
        layer.ca_certificate, layer.ca_key = layer.next_ca_certificate, layer.next_ca_key
        layer.next_ca_certificate = layer.next_ca_key = ""
        layer.renew_wanted = True
    else:
        layer.old_ca_certificate = ""
    layer.ca_step_at = now


def _settle_pair(layer: AccessLayer, now: datetime) -> list[Damage]:
    its_host = host(_where(layer), layer.service)
    if not its_host:
        return []
    held = Pair(layer.certificate, _readable(layer.key))
    flaw = certificates.flaw(held, bundle=_bundle(layer), host=its_host, now=now)
    is_first = not layer.certificate
    if flaw is None and not layer.renew_wanted:
        return []
    ca_key = _readable(layer.ca_key)
    if not ca_key:
        # The CA is lost and so is the pair: nothing is left to overlap with.
        layer.ca_certificate, layer.ca_key = layer.next_ca_certificate, layer.next_ca_key
        layer.next_ca_certificate = layer.next_ca_key = ""
        ca_key = _readable(layer.ca_key)
    pair = certificates.serving(Pair(layer.ca_certificate, ca_key), its_host, now=now)
    layer.certificate, layer.key = pair.certificate, secrets.encrypt(pair.key)
    layer.renew_wanted = False
    # Another name is what the settings asked for, no damage.
    return [] if is_first or flaw in {None, Flaw.WRONG_NAME} else [Damage(FLAWS[flaw])]


def _bundle(layer: AccessLayer) -> str:
    return certificates.bundle(
        layer.ca_certificate, layer.next_ca_certificate, layer.old_ca_certificate
    )


def _where(layer: AccessLayer) -> str:
    if layer.url:
        return layer.url.rstrip("/")
    address = settings.WEBHOOK_ADDRESS
    return f"https://{address}:{layer.port}" if address else ""


def _front(cluster: Cluster, layer: AccessLayer, installation: str) -> Front:
    return Front(
        pk=cluster.pk,
        cluster_id=cluster.cluster_id,
        server=cluster.server,
        ca_data=cluster.ca_data,
        credentials=cluster.credentials,
        gate_type=cluster.gate_type,
        add_on=clusters.add_on(cluster),
        version=cluster.kubernetes_version,
        installation=installation,
        where="" if layer.service else _where(layer),
        service=layer.service,
        port=layer.port,
        policy=layer.failure_policy,
        client_ca=layer.client_ca,
        secret=layer.secret,
        bundle=_bundle(layer),
        certificate=layer.certificate,
        key=layer.key,
        is_registered=layer.registered_at is not None,
        proven=layer.proven,
        check_wanted=layer.check_wanted_at.isoformat() if layer.check_wanted_at else "",
    )


def standing(pk: int, cluster_id: str, values: dict[str, Any]) -> None:
    """How the layer stands, by column."""
    AccessLayer.objects.filter(cluster=pk).update(**values)
    live.announce(f"{cluster_id}/access-layer")


def seen(now: datetime) -> None:
    """The webhook's process lives."""
    stale = Q(alive_at=None) | Q(alive_at__lt=now - ALIVE_EVERY)
    AccessLayer.objects.filter(stale).update(alive_at=now)


def another_port(pk: int, taken: int) -> None:
    """Something else listens there: the next look chooses a free one."""
    AccessLayer.objects.filter(cluster=pk, port=taken).update(port=0)


def counted(pk: int, cluster_id: str, counts: dict[str, int], values: dict[str, Any]) -> None:
    """Admissions since the last time; several processes may serve one cluster."""
    more = {column: F(column) + count for column, count in counts.items() if count}
    rows = AccessLayer.objects.filter(cluster=pk)
    with transaction.atomic():
        known = rows.select_for_update().values_list("lately", flat=True).first()
        recent = lately.added(known or (), counts, timezone.now())
        rows.update(**more, **values, lately=recent)
    live.announce(f"{cluster_id}/access-layer")


def repaired(
    pk: int,
    damage: Damage,
    *,
    at: datetime,
    found_by: str,
    took: float,
    ok: bool = True,
    message: str = "",
    before: object = None,
    after: object = None,
    calls: Sequence[Any] = (),
) -> None:
    """One line of the history, and one of the audit trail."""
    cluster = Cluster.objects.filter(pk=pk).first()
    if cluster is None:
        return
    Repair.objects.create(
        cluster=cluster,
        at=at,
        what=damage.what,
        field=damage.field,
        manager=damage.manager,
        found_by=found_by,
        took=took,
        ok=ok,
        message=message,
        before=before,
        after=after,
    )
    wrote(
        cluster.cluster_id,
        "repair",
        _kind(damage),
        message=": ".join(filter(None, (WORDS[damage.what], damage.field, message))),
        before=before,
        after=after,
        calls=calls,
        ok=ok,
    )


_OF_SECRET = {What.SECRET_DELETED, What.SECRET_DIFFERS, *FLAWS.values()}


def _kind(damage: Damage) -> str:
    if damage.what in _OF_SECRET:
        return "Secret"
    if damage.what is What.NAMESPACE_DELETED:
        return "Namespace"
    return "MutatingWebhookConfiguration"


def wrote(
    cluster_id: str,
    verb: str,
    kind: str,
    *,
    message: str = "",
    before: object = None,
    after: object = None,
    calls: Sequence[Any] = (),
    ok: bool = True,
) -> None:
    is_secret = kind == "Secret"
    activity.record(
        None,
        verb,
        cluster=cluster_id,
        kind=kind,
        namespace=SYSTEM_NAMESPACE if is_secret else "",
        name=SECRET if is_secret else name(cluster_id),
        before=before,
        after=after,
        message=message,
        calls=[call for call in calls if call.write],
        ok=ok,
    )
