"""One module for each kind of resource that the provider serves, all on the base of `kinds.base`."""
