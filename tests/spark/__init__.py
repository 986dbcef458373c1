"""The job on a cluster: run by name, make test-spark."""
