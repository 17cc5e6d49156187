"""How a machine gets a Pulumi engine and its plugins when the official ones can't be reached."""
