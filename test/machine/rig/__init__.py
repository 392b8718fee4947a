"""A machine that boots its unchanged user data, without AWS.

One network namespace is the region: a local AWS (moto), instance metadata, DNS and the load balancer live in it. Each
machine is a container with a network namespace of its own, behind it. Nothing of it touches the host's network.
"""
