"""Real parts for the tests, the demo and the chaos test: a Git server, a registry, a daemon, deliveries. Standard library only."""
