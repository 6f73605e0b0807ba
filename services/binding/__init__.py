"""Spec and Pods in, steps at the load balancer and gates on the Pods out."""
