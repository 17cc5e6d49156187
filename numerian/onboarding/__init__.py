"""How members' files come to be and stay readable: proposals, formatting, upgrades, the words of `show`."""
