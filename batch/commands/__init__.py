"""Commands: what is typed and what is printed, one module for each command, of its name.

A module reads its options, calls what does the work in another folder, and prints the result;
`batch/cli.py` puts them together. A new option of the model needs no change here: options come from
`batch/settings.py`.
"""
