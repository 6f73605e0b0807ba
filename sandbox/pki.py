"""Certificates of the emulated API servers: one CA per cluster, made once per state directory."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.net import Net
from sandbox.world import Cluster, clusters

_PEM = serialization.Encoding.PEM
_YEARS = timedelta(days=3650)


def certificates(state: Path, net: Net) -> dict[str, str]:
    """Make what is missing under `pki/`; returns each cluster's CA in PEM."""
    folder = state / "pki"
    folder.mkdir(mode=0o700, exist_ok=True)
    return {cluster.id: _authority(folder, cluster) for cluster in clusters(net)}


def pair(state: Path, cluster: Cluster) -> tuple[Path, Path]:
    """The files of a server's certificate and key."""
    folder = state / "pki"
    return folder / f"{cluster.id}.crt", folder / f"{cluster.id}.key"


def _authority(folder: Path, cluster: Cluster) -> str:
    authority = folder / f"{cluster.id}-ca.crt"
    if not authority.exists():
        ca_key, key = (
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        ca = _certificate(f"{cluster.id}-ca", ca_key, f"{cluster.id}-ca", ca_key, ())
        names = (
            x509.IPAddress(ip_address(cluster.api_ip)),
            x509.DNSName("kubernetes.default.svc"),
            x509.DNSName(f"{cluster.id}.ccs.tencent-cloud.com"),
        )
        serving = _certificate("kube-apiserver", key, f"{cluster.id}-ca", ca_key, names)
        private = key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{cluster.id}.key").write_bytes(private)
        (folder / f"{cluster.id}.key").chmod(0o600)
        (folder / f"{cluster.id}.crt").write_bytes(serving.public_bytes(_PEM))
        authority.write_bytes(ca.public_bytes(_PEM))
    return authority.read_text()


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    alternatives: tuple[x509.GeneralName, ...],
) -> x509.Certificate:
    """A serving certificate, or a CA when it has no alternative names."""
    is_authority = not alternatives
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(_usage(is_authority=is_authority), critical=True)
    )
    if alternatives:
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(server, critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not is_authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
