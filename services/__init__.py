"""A Kubernetes Service with a CLB in front of its Pods."""
