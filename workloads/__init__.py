"""What runs: Pods, their owners and rollouts, read from an index the watcher keeps."""
