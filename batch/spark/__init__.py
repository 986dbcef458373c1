"""The job on Apache Spark: the same steps beside the local ones, for input that outgrows one machine.

The local modules define what a row means, what a score is and what is published: workers call them on their
share. These modules only divide the work. docs/deployment.md says what it costs.
"""
