"""The sync: what the Web API tells of a listener, brought into their history."""
