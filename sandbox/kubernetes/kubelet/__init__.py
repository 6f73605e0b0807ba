"""The kubelets of all nodes of one cluster: Pods that run, listen, are probed and end.

What a Pod does is told by its annotations; README.md beside this file lists them.
"""
