"""The Django project: shell, clusters and accounts, and the two doors to the outside."""
