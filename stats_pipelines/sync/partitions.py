"""One partition a listener who linked an account."""

import dagster as dg

users = dg.DynamicPartitionsDefinition(name="users")
