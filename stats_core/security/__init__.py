"""Who may ask what: keys, sharing links, and listeners who agreed to compare."""
