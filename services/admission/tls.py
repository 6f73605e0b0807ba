"""The serving pair as the Secret in the cluster: what is served is what stands there."""

import base64

from console import kube
from console.kube import Conflict, NotFound
from services.admission import damage, layers
from services.admission.certificates import Pair
from services.admission.configuration import SECRET, SYSTEM_NAMESPACE, Object
from services.admission.damage import What
from services.admission.look import Look

WHERE = kube.path("Secret", SYSTEM_NAMESPACE, SECRET)


def keep(look: Look) -> None:
    front, pair = look.front, look.front.pair
    observed = look.get(WHERE)
    found = damage.of_secret(observed, pair, bundle=front.bundle, host=front.host, now=look.now)
    if not found:
        return
    # A pair that we ourselves replaced a moment ago is no damage; nor is the first one.
    own = found[0].what in {What.SECRET_DIFFERS, What.NEARLY_EXPIRED} and not found[0].manager
    is_first = observed is None and look.snapshot.written is None
    damages = () if own or is_first else found
    if look.must_wait(damages):
        return
    body = _secret(pair, observed)
    try:
        with look.writing(damages) as calls:
            if observed is None:
                look.door.create(kube.path("Secret", SYSTEM_NAMESPACE), body)
            else:
                look.door.replace(WHERE, body)
    except (Conflict, NotFound):
        # Someone was faster, or its namespace went in between.
        look.soon()
        return
    if damages:
        look.repairs.note(damages, look.now, calls)
    else:
        verb = "create" if is_first else "renew"
        look.books.add(layers.wrote, front.cluster_id, verb, "Secret", calls=calls)


def _secret(pair: Pair, observed: Object | None) -> Object:
    metadata: Object = {"name": SECRET, "namespace": SYSTEM_NAMESPACE}
    if observed:
        metadata["resourceVersion"] = observed["metadata"]["resourceVersion"]
    data = {"tls.crt": pair.certificate, "tls.key": pair.key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        # A Secret's type never changes: what stands decides.
        "type": (observed or {}).get("type", "kubernetes.io/tls"),
        "metadata": metadata,
        "data": {name: base64.b64encode(text.encode()).decode() for name, text in data.items()},
    }
