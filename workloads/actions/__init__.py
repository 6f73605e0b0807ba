"""What an operator does to a workload: pure changes, what they mean for the CLB, and the doing.

`changes` and `outlook` decide, `revisions` reads the past, `perform` asks the API server.
"""
