"""One true history out of many observations, and its columns."""
