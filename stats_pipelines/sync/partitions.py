"""One partition a listener who linked an account; one run polls a range of them."""

from collections.abc import Mapping, Sequence

import dagster as dg

users = dg.DynamicPartitionsDefinition(name="users")


def range_tags(keys: Sequence[str]) -> Mapping[str, str]:
    """What makes one run of all partitions from the first of these to the last, in the order they were added."""
    return {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
