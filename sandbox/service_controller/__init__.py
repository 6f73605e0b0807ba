"""Plays TKE's service-controller in one cluster: a CLB for every Service of type LoadBalancer.

A program of its own that reaches both halves over HTTP like anybody. It does what the real one is
known to do (DOMAIN: readiness gate, annotations it writes), for direct access only.
"""
