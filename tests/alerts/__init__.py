"""Alerts: opened once, closed once, told once each."""
