"""Keeps what became of Pods and rollouts, for longer than Kubernetes does: the durable timeline.

`notes.note` is for whoever knows when a Pod reached a stage; `pods` and `rollouts` follow the
watcher; `retention` forgets what is old. What the moments mean is `workloads.timeline`'s.
"""
