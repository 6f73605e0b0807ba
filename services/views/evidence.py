"""The evidence bundle of a Pod, workload or Service: one click, one zip, one line of Activity."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import activity
from console.access import cluster_for
from services.diagnosis.bundle import bundle, filename
from services.diagnosis.look import KINDS, look
from services.diagnosis.reads import NOW

KIND = {kind.lower(): kind for kind in KINDS}


@require_GET
def evidence(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    found = look(cluster, KIND[kind], namespace, name, NOW) if kind in KIND else None
    if found is None:
        where = {"kind": KIND.get(kind, kind), "name": f"{namespace}/{name}"}
        raise Http404(_("No %(kind)s %(name)s.") % where)
    packed = bundle(cluster, found)
    activity.record(
        request.user,
        "bundle",
        cluster=cluster_id,
        kind=found.kind,
        namespace=namespace,
        name=name,
        message=", ".join(one.code.value for one in found.findings),
    )
    response = HttpResponse(packed, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{filename(cluster, found)}"'
    return response
