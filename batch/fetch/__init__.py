"""Data sets from elsewhere: what there is, how it is downloaded, and how it becomes our input files."""
