"""The product beside its peers: the same work, on servers alike, in one run (`make bench`)."""
