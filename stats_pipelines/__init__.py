"""Dagster's view of the house: what comes from where, what a rerun means. One folder per source or subject.

Nothing is opened and no heavy library loaded when these modules are imported: every run starts by importing them.
"""
