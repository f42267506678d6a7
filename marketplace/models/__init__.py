"""The demand side: what the catalogue shows."""

from marketplace.models.listing import Listing

__all__ = ["Listing"]
