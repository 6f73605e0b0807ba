"""The access layer: Pods of claimed Services get the gate when they are created, by a webhook.

`injection`, `review`, `configuration`, `damage` and `certificates` are pure. `webhook` is a process
of its own that answers from memory, and keeps what is registered in each cluster whole.
"""
