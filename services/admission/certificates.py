"""A CA per cluster, the serving pair it signs, and the judgement of a pair; pure but for chance."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFE = timedelta(days=3650)
LIFE = timedelta(days=90)
# Clocks of API servers may be a little behind ours.
BACKDATED = timedelta(minutes=5)
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\s*", re.S)


@dataclass(frozen=True)
class Pair:
    """PEM of a certificate and of its key."""

    certificate: str
    key: str

    def __repr__(self) -> str:
        return "Pair(...)"


class Flaw(StrEnum):
    MALFORMED = "malformed"
    NOT_A_PAIR = "not a pair"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    WRONG_NAME = "wrong name"
    FOREIGN = "signed by another CA"
    NEARLY_EXPIRED = "a third of its life left"


@dataclass(frozen=True)
class Validity:
    not_before: datetime
    not_after: datetime

    @property
    def renews_at(self) -> datetime:
        return self.not_before + (self.not_after - self.not_before) * 2 / 3

    def days(self) -> int:
        return (self.not_after - self.not_before).days

    def days_left(self, now: datetime) -> int:
        return max(0, (self.not_after - now).days)


def authority(cluster_id: str, *, now: datetime, life: timedelta = CA_LIFE) -> Pair:
    """A self-signed CA for one cluster."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "podgate"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"podgate CA {cluster_id}"[:64]),
        ]
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = dict.fromkeys(_USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
    certificate = (
        _builder(subject, subject, key.public_key(), now, life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pair(certificate, key)


def serving(ca: Pair, host: str, *, now: datetime, life: timedelta = LIFE) -> Pair:
    """A pair for `host`, an IP address or a DNS name, that API servers accept."""
    issuer = x509.load_pem_x509_certificate(ca.certificate.encode())
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "podgate webhook")])
    ski = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    usage = dict.fromkeys(_USAGES, False) | {"digital_signature": True}
    certificate = (
        _builder(subject, issuer.subject, key.public_key(), now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(host)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski), critical=False
        )
        .sign(_private(ca.key), hashes.SHA256())
    )
    return _pair(certificate, key)


def flaw(pair: Pair, *, bundle: str, host: str, now: datetime) -> Flaw | None:
    """The first thing wrong with a serving pair, the worst first; None for a good one."""
    try:
        certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
        key = _private(pair.key)
        authorities = x509.load_pem_x509_certificates(bundle.encode())
    except (ValueError, TypeError):
        return Flaw.MALFORMED
    if certificate.public_key() != key.public_key():
        return Flaw.NOT_A_PAIR
    valid = validity(pair.certificate)
    if valid.not_after <= now:
        return Flaw.EXPIRED
    if valid.not_before > now:
        return Flaw.NOT_YET_VALID
    if _name(host) not in _names(certificate):
        return Flaw.WRONG_NAME
    if not any(_signed(certificate, by) for by in authorities):
        return Flaw.FOREIGN
    return Flaw.NEARLY_EXPIRED if valid.renews_at <= now else None


def validity(certificate: str) -> Validity:
    """Raises ValueError for what is no certificate."""
    read = x509.load_pem_x509_certificate(certificate.encode())
    return Validity(read.not_valid_before_utc, read.not_valid_after_utc)


def names(certificate: str) -> list[str]:
    """The SANs, as text."""
    found = _names(x509.load_pem_x509_certificate(certificate.encode()))
    return [str(name.value) for name in found]


def bundle(*certificates: str) -> str:
    """Several CA certificates as one PEM; empty ones leave no trace."""
    return "".join(block.strip() + "\n" for text in certificates for block in _BLOCK.findall(text))


_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    return Pair(
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    found = serialization.load_pem_private_key(key.encode(), None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise ValueError("not an EC key")
    return found


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _names(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(found.value)


def _signed(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
