"""What goes over the wire, camelCase; one file per resource."""
