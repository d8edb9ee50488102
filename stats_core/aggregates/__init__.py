"""The aggregates: daily totals, monthly tops and listener totals, counted anew wherever marks say that plays changed.

`counting` makes them from a history, with the functions that answer questions; `recounting` writes them and clears the
marks; `rebuilding` makes everything derived anew; `checking` counts plays the slow way to see that they are right.
"""
