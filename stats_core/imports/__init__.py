"""Taking in a dropped file: the one way in, for the inbox, uploads and the command line."""
