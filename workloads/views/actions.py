"""One page for every action on workloads, one or many: what is wanted, a dry run, the doing.

GET asks and previews, so a preview is a link; POST does exactly what was previewed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from console import kube, secrets
from console.access import Role, cluster_for
from console.models import Cluster
from workloads.actions import forms, perform, revisions, words
from workloads.actions.changes import Action, Impossible, Manifest, RollBack, Why
from workloads.actions.perform import Changed, Preview, Subject
from workloads.rollouts import KINDS

PAGE = "workloads/action.html"
# Objects of one look: each costs the API server two reads and a write.
MOST = 50
# What starts a rollout, or lets one go on: its page shows it wave by wave.
ROLLS = {"images", "restart", "resume", "rollback"}
KIND = {kind.lower(): kind for kind in KINDS}


@dataclass(frozen=True)
class Result:
    """What became of one object; `text` says why when it was not done."""

    subject: Subject
    text: str = ""
    request_id: str = ""
    is_changed: bool = False


@dataclass(frozen=True)
class Asked:
    """The request, understood: who is meant, how they are now, and what the form says."""

    cluster: Cluster
    kind: str
    action: str
    subjects: Sequence[Subject]
    lives: Mapping[Subject, Manifest]
    troubles: Mapping[Subject, Exception]
    form: forms.ActionForm
    known: Mapping[Subject, Sequence[revisions.Revision]]


@require_http_methods(["GET", "POST"])
def workload_action(request: HttpRequest, cluster_id: str, kind: str, action: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    if kind not in KIND or action not in words.ACTIONS:
        raise Http404(_("No such action: %(action)s.") % {"action": action})
    data = request.POST if request.method == "POST" else request.GET
    subjects = picked(data, KIND[kind])
    if not subjects:
        return render(request, PAGE, _page(cluster, kind, action))
    asked = _asked(cluster, kind, action, subjects, data)
    if request.method == "POST" and asked.form.is_valid():
        results = _done(request.user, asked, _seen(request.POST))
        if not any(result.text for result in results):
            return _landed(request, asked)
        return render(request, PAGE, _context(asked) | {"results": results})
    return render(request, PAGE, _context(asked))


def picked(data: QueryDict, kind: str) -> list[Subject]:
    """The objects named by ?on=namespace/name, each once."""
    found = []
    for word in dict.fromkeys(data.getlist("on")):
        namespace, slash, name = word.partition("/")
        if slash and namespace and name and "\x00" not in word:
            found.append(Subject(kind, namespace, name))
    return found[:MOST]


def _asked(
    cluster: Cluster, kind: str, action: str, subjects: Sequence[Subject], data: QueryDict
) -> Asked:
    lives: dict[Subject, Manifest] = {}
    troubles: dict[Subject, Exception] = {}
    known: dict[Subject, Sequence[revisions.Revision]] = {}
    for subject in subjects:
        try:
            lives[subject] = perform.read(cluster, subject)
            if action == "rollback":
                door = kube.connect(cluster)
                known[subject] = revisions.read(door, KIND[kind], lives[subject])
        except (kube.KubeError, secrets.Unreadable) as error:
            lives.pop(subject, None)
            troubles[subject] = error
    filled = forms.is_filled(action, data)
    one = known.get(subjects[0], ()) if len(subjects) == 1 else None
    form = forms.make(
        action, KIND[kind], list(lives.values()), data=data if filled else None, revisions=one
    )
    return Asked(cluster, kind, action, subjects, lives, troubles, form, known)


def _context(asked: Asked) -> dict[str, Any]:
    form = asked.form
    previews: list[Preview] = []
    if form.is_bound and form.is_valid():
        previews = [_preview(asked, subject) for subject in asked.subjects]
    elif asked.troubles:
        previews = [perform.unreadable(one, error) for one, error in asked.troubles.items()]
    shown = [_shown(preview) for preview in previews]
    possible = [preview for preview in previews if preview.is_possible]
    tones = [tone for one in shown for tone, _text in one["says"]]
    return _page(asked.cluster, asked.kind, asked.action) | {
        "subjects": asked.subjects,
        "form": form,
        "previews": shown,
        "possible": possible,
        "all_gone": bool(previews) and all(preview.gone for preview in previews),
        "refused": any(preview.refused for preview in previews),
        "is_harsh": "error" in tones,
        "values": _values(form),
    }


def _page(cluster: Cluster, kind: str, action: str) -> dict[str, Any]:
    _verb, title, button = words.ACTIONS[action]
    return {
        "cluster": cluster,
        "section": kind,
        "kind": KIND[kind],
        "kind_word": kind,
        "action": action,
        "title": title,
        "button": button,
        "subjects": (),
    }


def _preview(asked: Asked, subject: Subject) -> Preview:
    if error := asked.troubles.get(subject):
        return perform.unreadable(subject, error)
    live = asked.lives[subject]
    try:
        action = _action(asked, subject)
    except Impossible as error:
        return Preview(subject, impossible=error.why, live=live)
    return perform.preview(asked.cluster, subject, action, live)


def _action(asked: Asked, subject: Subject) -> Action:
    wanted = asked.form.wanted()
    if not isinstance(wanted, forms.RollBackTo):
        return wanted
    found = revisions.find(asked.known.get(subject, ()), wanted.number)
    if found is None:
        raise Impossible(Why.NO_REVISION)
    return RollBack(found.number, found.template)


def _shown(preview: Preview) -> dict[str, Any]:
    return {
        "preview": preview,
        "says": [(one.tone, words.sentence(one)) for one in preview.consequences],
        "why": words.why(preview.impossible) if preview.impossible else "",
    }


def _values(form: forms.ActionForm) -> list[tuple[str, str]]:
    """What was previewed, for the form that does it."""
    if not form.is_bound:
        return []
    return [(name, form.data.get(name, "")) for name in form.fields]


def _seen(data: QueryDict) -> dict[str, str]:
    """namespace/name -> the state that was looked at."""
    pairs = (word.partition(" ") for word in data.getlist("seen"))
    return {word: state for word, _space, state in pairs}


def _done(user: User | AnonymousUser, asked: Asked, seen: Mapping[str, str]) -> list[Result]:
    return [_do(user, asked, subject, seen.get(subject.word, "")) for subject in asked.subjects]


def _do(user: User | AnonymousUser, asked: Asked, subject: Subject, seen: str) -> Result:
    """One object; what stands in its way does not stop the others."""
    if error := asked.troubles.get(subject):
        return _result(subject, error)
    verb, _title, _button = words.ACTIONS[asked.action]
    try:
        action = _action(asked, subject)
        perform.apply(user, asked.cluster, subject, action, verb=verb, seen=seen)
    except (kube.KubeError, secrets.Unreadable, Impossible, Changed) as error:
        return _result(subject, error)
    return Result(subject)


def _result(subject: Subject, error: Exception) -> Result:
    if isinstance(error, Changed):
        return Result(subject, _("It was changed since you looked at it."), is_changed=True)
    if isinstance(error, Impossible):
        return Result(subject, words.why(error.why))
    if isinstance(error, kube.NotFound):
        return Result(subject, _("It was deleted meanwhile."), error.request_id)
    text = str(getattr(error, "message", "") or error)
    return Result(subject, text, str(getattr(error, "request_id", "")))


def _landed(request: HttpRequest, asked: Asked) -> HttpResponse:
    """Where what was started can be watched."""
    _verb, title, _button = words.ACTIONS[asked.action]
    if len(asked.subjects) == 1:
        one = asked.subjects[0]
        text = _("%(action)s: asked for %(name)s.") % {"action": title, "name": one.word}
        messages.success(request, text)
        page = "rollout_page" if asked.action in ROLLS else "workload"
        return redirect(page, asked.cluster.cluster_id, asked.kind, one.namespace, one.name)
    count = len(asked.subjects)
    text = ngettext(
        "%(action)s: asked for %(n)s workload.", "%(action)s: asked for %(n)s workloads.", count
    )
    messages.success(request, text % {"action": title, "n": count})
    return redirect("workloads", asked.cluster.cluster_id, asked.kind)
