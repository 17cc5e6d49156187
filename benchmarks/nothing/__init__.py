"""The engine's own floor: a program and a provider that does nothing."""
