"""Spotify's Web API: the login, tokens, what the app may still ask, and the one client that asks.

Everything takes the store and the settings; nothing here waits for a person or sleeps as long as Spotify asks.
"""
