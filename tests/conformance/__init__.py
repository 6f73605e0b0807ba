"""Kubernetes' documented API behaviour, asserted against the sandbox or any real API server.

`PODGATE_CONFORMANCE_KUBECONFIG=FILE pytest tests/conformance` runs it against a real one.
"""
