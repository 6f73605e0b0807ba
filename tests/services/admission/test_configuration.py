import pytest

from services.admission import configuration


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("v1.10.5-tke.4", "knows no readiness gates"),
        ("v1.13.12", "knows no readiness gates"),
        ("v1.14.3", "Put the gate into the Pod template"),
        ("v1.16.0", ""),
        ("nonsense", ""),
    ],
)
def test_a_gate_in_the_template_is_advised_only_where_there_are_gates(
    version: str, words: str
) -> None:
    said = configuration.too_old(version)
    assert words in said
    assert bool(said) == bool(words)
    assert ("template" in said) == ("template" in words)
