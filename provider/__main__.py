"""`python -m provider ENGINE`: the plugin, as the launcher `pulumi-resource-numerian` starts it."""

import gc
import sys

from provider.server import main

# A run is short and its messages many: the collector would look at them again and again for nothing.
gc.set_threshold(100_000, 50, 100)
main(sys.argv[1:])
