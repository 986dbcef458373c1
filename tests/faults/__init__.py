"""Faults: the job, and its output folder, while something is really broken.

Short by `make test-faults`, long by `make soak`, which also writes down what each fault led to. After every
fault the same is asserted (`tests/faults/night.py`): what is published is whole, it is what was published
before or what is new, and the next run leaves nothing else in the folder.
"""
