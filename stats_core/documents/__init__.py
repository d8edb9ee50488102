"""The documents as structs: what lies in the store, field by field.

Every instant is an aware UTC datetime, cut to milliseconds. `id` is `_id` in the store. Optional fields that hold their
default are left out of the stored document. `docs/data-model.md` is generated from these modules.
"""
