"""The one list of checks, in the order in which reports name them."""

from certification.types import Check

ALL: tuple[Check, ...] = ()
