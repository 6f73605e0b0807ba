"""Whom the API server believes: TLS with exactly the given bundle, refusals in Go's words."""

import base64
import re
import ssl
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from cryptography import x509

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_EXPIRED = (9, 10)
_PURPOSE = 26


class NoRoots(Exception):
    """The caBundle holds no certificate."""


class Untrusted(Exception):
    """The peer's certificate is not believed; the message is Go's."""


@lru_cache(maxsize=256)
def contexts(ca_bundle: str) -> tuple[ssl.SSLContext, ...]:
    """Trusting the bundle's certificates and no others; without a bundle the machine's.

    First all of them at once, then each alone: among authorities of one name OpenSSL tries only
    the first, Go all. The name is checked by `check_name`, for Python tells less than Go.
    """
    if not ca_bundle:
        made = _empty()
        made.load_default_certs()
        return (made,)
    certificates = _PEM.findall(base64.b64decode(ca_bundle).decode("latin-1"))
    good = [each for each in certificates if _load(_empty(), each)]
    if not good:
        why = "no valid certificate authority data seen" if certificates else _NO_PEM
        raise NoRoots(f"unable to load root certificates: {why}")
    sets = [good, *([each] for each in good)] if len(good) > 1 else [good]
    found = []
    for trusted in sets:
        made = _empty()
        made.load_verify_locations(cadata="\n".join(trusted))
        found.append(made)
    return tuple(found)


_NO_PEM = "unable to parse bytes as PEM block"


def _empty() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # Go stops at any certificate it was given, be it a root or not.
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return made


def _load(made: ssl.SSLContext, pem: str) -> bool:
    try:
        made.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        return False
    return True


@lru_cache(maxsize=1)
def blind() -> ssl.SSLContext:
    """Believes anybody: only to read the dates of a certificate that was refused for them."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def is_about_dates(error: ssl.SSLCertVerificationError) -> bool:
    return error.verify_code in _EXPIRED


def refused(error: ssl.SSLCertVerificationError, certificate: bytes | None) -> Untrusted:
    if certificate and is_about_dates(error):
        return _said(_outdated(x509.load_der_x509_certificate(certificate)))
    if error.verify_code in _EXPIRED:
        return _said("certificate has expired or is not yet valid")
    if error.verify_code == _PURPOSE:
        return _said("certificate specifies an incompatible key usage")
    return _said("certificate signed by unknown authority")


def _said(why: str) -> Untrusted:
    return Untrusted(f"tls: failed to verify certificate: x509: {why}")


def _outdated(certificate: x509.Certificate) -> str:
    now = datetime.now(UTC)
    early = now < certificate.not_valid_before_utc
    bound = certificate.not_valid_before_utc if early else certificate.not_valid_after_utc
    return (
        f"certificate has expired or is not yet valid: current time {_stamp(now)} is "
        f"{'before' if early else 'after'} {_stamp(bound)}"
    )


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def check_name(peer: dict[str, Any], name: str) -> None:
    """Untrusted unless the certificate's SANs name this host or address; CN never counts."""
    sans = peer.get("subjectAltName") or ()
    names = [value for kind, value in sans if kind == "DNS"]
    addresses = [ip_address(value) for kind, value in sans if kind == "IP Address"]
    try:
        wanted = ip_address(name)
    except ValueError:
        _check_dns(names, name, has_sans=bool(sans))
        return
    if not addresses:
        raise _said(
            f"cannot validate certificate for {name} because it doesn't contain any IP SANs"
        )
    if wanted not in addresses:
        listed = ", ".join(str(each) for each in addresses)
        raise _said(f"certificate is valid for {listed}, not {name}")


def _check_dns(names: list[str], wanted: str, *, has_sans: bool) -> None:
    if any(_names(pattern.lower(), wanted.lower()) for pattern in names):
        return
    if not has_sans:
        raise _said("certificate relies on legacy Common Name field, use SANs instead")
    if not names:
        raise _said(f"certificate is not valid for any names, but wanted to match {wanted}")
    raise _said(f"certificate is valid for {', '.join(names)}, not {wanted}")


def _names(pattern: str, wanted: str) -> bool:
    """A star stands for the first label as a whole."""
    if pattern.startswith("*."):
        return wanted.partition(".")[2] == pattern[2:]
    return pattern == wanted
