"""One partition a dropped file: `<listener>~<name>~<first 12 digits of its SHA-256>`."""

import dagster as dg

imports = dg.DynamicPartitionsDefinition(name="imports")
