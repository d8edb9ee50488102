"""From plays to everything derived of them."""
