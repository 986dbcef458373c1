"""The job on Apache Spark: the same steps beside the local ones, for input that outgrows one machine.

What a row means, what a score is and what is published is said once, by the local modules: workers call them
on their share. Here is only how the work is divided. docs/deployment.md says what it costs.
"""
