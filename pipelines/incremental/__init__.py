"""Incremental work: computing, collecting and publishing only what has changed.

`locality` proves that a part of a model needs a part of its inputs alone; `changes` finds what has
changed between two snapshots; `parts` replaces rows of a table without touching the other files;
`build`, `history`, `feed` and `files` put these together for models, tables of versions, databases
and files.
"""
