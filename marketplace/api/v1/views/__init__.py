"""Thin views: read the request, ask a service, show the answer."""
