"""Alerts: what went wrong, told to an operator once when it begins and once when it is over."""
