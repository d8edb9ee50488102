"""From the watched folder to plays."""
