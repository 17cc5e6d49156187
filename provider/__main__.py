"""`python -m provider ENGINE`: the plugin, as the launcher `pulumi-resource-numerian` starts it."""

import sys

from provider.server import main

main(sys.argv[1:])
