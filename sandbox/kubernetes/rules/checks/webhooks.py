"""MutatingWebhookConfiguration, in the words of pkg/apis/admissionregistration/validation.

A caBundle that is no PEM is accepted, as the real server does: calls fail with it instead.
"""

from typing import Any
from urllib.parse import urlsplit

from sandbox.kubernetes import cel
from sandbox.kubernetes.errors import Cause
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.rules.checks import words
from sandbox.kubernetes.rules.checks.workloads import selector_problems

_VERSIONS = ("v1", "v1beta1")
_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_CHOICES: dict[str, tuple[str, ...]] = {
    "failurePolicy": ("Fail", "Ignore"),
    "matchPolicy": ("Equivalent", "Exact"),
    "reinvocationPolicy": ("IfNeeded", "Never"),
}
_NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_FORM = "; desired format: https://host[/path]"
_MOST_CONDITIONS = 64


def problems(obj: Object, old: Object | None) -> list[Cause]:
    found: list[Cause] = []
    names: set[str] = set()
    for index, webhook in enumerate(obj.get("webhooks") or ()):
        field, name = f"webhooks[{index}]", webhook.get("name", "")
        found += _webhook(field, webhook)
        found += _versions(f"{field}.admissionReviewVersions", webhook)
        if name and name in names:
            found.append(words.duplicate(f"{field}.name", name))
        names.add(name)
    return found


def _webhook(field: str, webhook: Object) -> list[Cause]:
    found = _fully_qualified(f"{field}.name", webhook.get("name", ""))
    for index, rule in enumerate(webhook.get("rules") or ()):
        found += _rule(f"{field}.rules[{index}]", rule)
    for name, known in _CHOICES.items():
        if webhook[name] not in known:
            found.append(words.unsupported(f"{field}.{name}", webhook[name], known))
    found += _side_effects(f"{field}.sideEffects", webhook.get("sideEffects"))
    if not 1 <= webhook["timeoutSeconds"] <= 30:
        why = "the timeout value must be between 1 and 30 seconds"
        found.append(words.invalid(f"{field}.timeoutSeconds", webhook["timeoutSeconds"], why))
    for name in ("namespaceSelector", "objectSelector"):
        if webhook.get(name):
            found += selector_problems(f"{field}.{name}", webhook[name])
    found += _client(f"{field}.clientConfig", webhook.get("clientConfig") or {})
    return found + _conditions(f"{field}.matchConditions", webhook.get("matchConditions") or [])


def _fully_qualified(field: str, name: str) -> list[Cause]:
    if not name:
        return [words.required(field)]
    if found := words.dns_subdomain(field, name):
        return found
    if name.count(".") < 2:
        why = "should be a domain with at least three segments separated by dots"
        return [words.invalid(field, name, why)]
    return []


def _side_effects(field: str, given: Any) -> list[Cause]:
    if given is None:
        return [words.required(field, f"must specify one of {', '.join(_NO_SIDE_EFFECTS)}")]
    if given not in _NO_SIDE_EFFECTS:
        return [words.unsupported(field, given, _NO_SIDE_EFFECTS)]
    return []


def _versions(field: str, webhook: Object) -> list[Cause]:
    given = webhook.get("admissionReviewVersions") or []
    if not given:
        return [words.required(field, f"must specify one of {', '.join(_VERSIONS)}")]
    found = []
    for index, version in enumerate(given):
        if version in given[:index]:
            found.append(words.invalid(f"{field}[{index}]", version, "duplicate version"))
        else:
            found += words.service_name(f"{field}[{index}]", version)
    if not set(given) & set(_VERSIONS):
        why = f"must include at least one of {', '.join(_VERSIONS)}"
        found.append(words.invalid(field, given, why))
    return found


def _rule(field: str, rule: Object) -> list[Cause]:
    operations = rule.get("operations") or []
    found = _listed(f"{field}.operations", operations, "operations")
    for index, operation in enumerate(operations):
        if operation not in _OPERATIONS:
            place = f"{field}.operations[{index}]"
            found.append(words.unsupported(place, operation, _OPERATIONS))
    found += _listed(f"{field}.apiGroups", rule.get("apiGroups") or [], "API groups")
    versions = rule.get("apiVersions") or []
    found += _listed(f"{field}.apiVersions", versions, "API versions")
    found += [
        words.required(f"{field}.apiVersions[{index}]")
        for index, version in enumerate(versions)
        if not version
    ]
    found += _resources(f"{field}.resources", rule.get("resources") or [])
    scopes = ("*", "Cluster", "Namespaced")
    if rule["scope"] not in scopes:
        found.append(words.unsupported(f"{field}.scope", rule["scope"], scopes))
    return found


def _listed(field: str, given: list[str], what: str) -> list[Cause]:
    if not given:
        return [words.required(field)]
    if len(given) > 1 and "*" in given:
        return [words.invalid(field, given, f"if '*' is present, must not specify other {what}")]
    return []


def _resources(field: str, given: list[str]) -> list[Cause]:
    if not given:
        return [words.required(field)]
    found = []
    for index, each in enumerate(given):
        resource, slash, sub = each.partition("/")
        before = given[:index]
        if not each:
            found.append(words.required(f"{field}[{index}]"))
        for wide in (f"{resource}/*", f"*/{sub}") if slash else ():
            if wide in before:
                why = f"if '{wide}' is present, must not specify {each}"
                found.append(words.invalid(f"{field}[{index}]", each, why))
    if len(given) > 1 and "*/*" in given:
        why = "if '*/*' is present, must not specify other resources"
        found.append(words.invalid(field, given, why))
    if "*" in given and any("/" not in each and each != "*" for each in given):
        why = "if '*' is present, must not specify other resources without subresources"
        found.append(words.invalid(field, given, why))
    return found


def _client(field: str, client: Object) -> list[Cause]:
    if ("url" in client) == ("service" in client):
        return [words.required(field, "exactly one of url or service is required")]
    if "url" in client:
        return _url(f"{field}.url", client["url"])
    return _service(f"{field}.service", client["service"])


def _url(field: str, url: str) -> list[Cause]:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return [words.required(field, f"url must be a valid URL: {error}{_FORM}")]
    user = parts.netloc.rpartition("@")[0]
    bad = {
        f"'https' is the only allowed URL scheme{_FORM}": (parts.scheme != "https", parts.scheme),
        f"host must be specified{_FORM}": (not parts.hostname, parts.netloc),
        "user information is not permitted in the URL": (bool(user), user),
        "fragments are not permitted in the URL": (bool(parts.fragment), parts.fragment),
        "query parameters are not permitted in the URL": (bool(parts.query), parts.query),
    }
    return [words.invalid(field, shown, why) for why, (is_bad, shown) in bad.items() if is_bad]


def _service(field: str, service: Object) -> list[Cause]:
    found = [
        words.required(f"{field}.{name}", f"service {name} is required")
        for name in ("name", "namespace")
        if not service.get(name)
    ]
    for cause in words.port_number(f"{field}.port", service["port"]):
        why = cause.message.partition(": ")[2].partition(": ")[2]
        found.append(words.invalid(cause.field, service["port"], f"port is not valid: {why}"))
    return found + _path(f"{field}.path", service.get("path") or "/")


def _path(field: str, path: str) -> list[Cause]:
    if path == "/":
        return []
    found = []
    if not path.startswith("/"):
        found.append(words.invalid(field, path, "must start with a '/'"))
    for index, step in enumerate(path[1:].removesuffix("/").split("/")):
        if not step:
            found.append(words.invalid(field, path, f"segment[{index}] may not be empty"))
        elif not words.SUBDOMAIN.fullmatch(step):
            why = f"segment[{index}]: a lowercase RFC 1123 subdomain is required"
            found.append(words.invalid(field, path, why))
    return found


def _conditions(field: str, given: list[Object]) -> list[Cause]:
    """Expressions are compiled when they are written; what this subset lacks is a 422."""
    if len(given) > _MOST_CONDITIONS:
        message = f"Too many: {len(given)}: must have at most {_MOST_CONDITIONS} items"
        return [Cause("FieldValueTooMany", field, message)]
    found = []
    names: set[str] = set()
    for index, condition in enumerate(given):
        place, name = f"{field}[{index}]", condition.get("name", "")
        found += _condition(place, name, condition.get("expression", "").strip())
        if name and name in names:
            found.append(words.duplicate(f"{place}.name", name))
        names.add(name)
    return found


def _condition(place: str, name: str, expression: str) -> list[Cause]:
    found = (
        words.qualified_name(f"{place}.name", name) if name else [words.required(f"{place}.name")]
    )
    if not expression:
        return [*found, words.required(f"{place}.expression")]
    try:
        cel.compiled(expression)
    except cel.NotUnderstood as error:
        found.append(words.invalid(f"{place}.expression", expression, str(error)))
    return found
