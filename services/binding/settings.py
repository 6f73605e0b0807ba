"""A listener's settings as the CLB takes them: health check and session persistence; pure."""

from dataclasses import replace

from services.spec import CheckType, HealthCheck, Port, Protocol, ServiceSpec


def effective_check(spec: ServiceSpec, port: Port) -> HealthCheck:
    """The check as a listener of this protocol carries it, fields without effect at default."""
    check = spec.check_of(port)
    if not check.enabled:
        return HealthCheck(enabled=False)
    if port.protocol is Protocol.UDP and check.type in {CheckType.TCP, CheckType.HTTP}:
        check = replace(check, type=CheckType.PING)
    if port.protocol is Protocol.TCP and check.type is CheckType.PING:
        check = replace(check, type=CheckType.TCP)
    if check.type is not CheckType.HTTP:
        return replace(check, path="/", domain="")
    # CLB wants a domain for HTTP checks on a TCP listener.
    return replace(check, domain=check.domain or f"{spec.name}.{spec.namespace}.svc")


def checks(spec: ServiceSpec) -> dict[str, dict[str, str | int]]:
    """By listener, what a target must pass to count as healthy; for rows and pages."""
    found = {f"{p.protocol}:{p.port}": effective_check(spec, p) for p in spec.ports}
    return {
        key: {
            "type": check.type.value,
            "interval": check.interval,
            "timeout": check.timeout,
            "healthy": check.healthy,
            "unhealthy": check.unhealthy,
            "path": check.path,
            "domain": check.domain,
        }
        for key, check in found.items()
        if check.enabled
    }


def session(spec: ServiceSpec) -> int:
    """CLB's range is 30 to 3600 s; Kubernetes' default of three hours is beyond it."""
    return 0 if spec.session_seconds is None else min(max(spec.session_seconds, 30), 3600)
