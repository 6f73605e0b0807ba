"""A Kubernetes cluster and a Tencent Cloud on loopback, at wire level, for real clients."""
