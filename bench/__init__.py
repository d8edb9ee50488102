"""The benchmark: `make bench`, or `python -m bench --help`.

`plan` says what is measured and how often, `jobs` and `worker` measure it in fresh processes. `load` asks the `mix` of
the running `service`, beside the `empty` one, by a `generator` that `load.lua` tells what to ask. `figures` is what
comes out, `table` and `readme` how and where it is shown; `stores` and `machine` say what it is true of.
"""
