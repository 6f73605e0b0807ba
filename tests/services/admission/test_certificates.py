"""CAs, serving pairs, and what can be wrong with them."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from services.admission import certificates
from services.admission.certificates import Flaw, Pair

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOST = "10.20.0.30"
CA = certificates.authority("cls-vpccni01", now=NOW)
GOOD = certificates.serving(CA, HOST, now=NOW)


def flaw(pair: Pair, *, now: datetime = NOW, host: str = HOST, ca: Pair = CA) -> Flaw | None:
    return certificates.flaw(pair, bundle=ca.certificate, host=host, now=now)


def test_a_fresh_pair_is_good() -> None:
    assert flaw(GOOD) is None
    by_name = certificates.serving(CA, "podgate.podgate-system.svc", now=NOW)
    assert flaw(by_name, host="podgate.podgate-system.svc") is None


def test_a_serving_certificate_says_what_api_servers_look_for() -> None:
    read = x509.load_pem_x509_certificate(GOOD.certificate.encode())
    ca = x509.load_pem_x509_certificate(CA.certificate.encode())
    usage = read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    aki = read.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    ski = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert aki.key_identifier == ski.digest
    assert certificates.names(GOOD.certificate) == [HOST]


def test_each_flaw_has_its_name() -> None:
    other = certificates.authority("cls-vpccni01", now=NOW)
    key_of_another = certificates.serving(CA, HOST, now=NOW).key
    assert flaw(Pair(GOOD.certificate, key_of_another)) is Flaw.NOT_A_PAIR
    assert flaw(Pair("no certificate", GOOD.key)) is Flaw.MALFORMED
    assert flaw(GOOD, now=NOW + timedelta(days=91)) is Flaw.EXPIRED
    assert flaw(GOOD, now=NOW - timedelta(hours=1)) is Flaw.NOT_YET_VALID
    assert flaw(GOOD, host="10.20.0.31") is Flaw.WRONG_NAME
    assert flaw(GOOD, ca=other) is Flaw.FOREIGN


@pytest.mark.parametrize(("days", "wanted"), [(59, None), (61, Flaw.NEARLY_EXPIRED)])
def test_a_pair_is_renewed_at_two_thirds_of_its_life(days: int, wanted: Flaw | None) -> None:
    assert flaw(GOOD, now=NOW + timedelta(days=days)) is wanted


def test_while_the_ca_changes_both_are_trusted() -> None:
    new = certificates.authority("cls-vpccni01", now=NOW)
    both = certificates.bundle(CA.certificate, new.certificate, "")
    for ca in (CA, new):
        pair = certificates.serving(ca, HOST, now=NOW)
        assert certificates.flaw(pair, bundle=both, host=HOST, now=NOW) is None
    assert both.count("BEGIN CERTIFICATE") == 2


def test_a_pair_does_not_print_its_key() -> None:
    assert "PRIVATE" not in repr(GOOD)
