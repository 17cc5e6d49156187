"""What a member, a site, a server is: frozen models with every rule that concerns one of them alone.

`…File` and `…Entry` are what people write in YAML; the others are what the rest of the toolkit reads.
"""

from numerian.model.inventory import Inventory
from numerian.model.life import Absorbed, AllowEntry, AllowFile, MergedEntry, OldDomain
from numerian.model.member import Member, MemberFile, Site, SiteEntry, TownHall, Webmaster
from numerian.model.shared import (
    Acme,
    Capacity,
    Datacenter,
    DatacentersFile,
    Deploy,
    HostIdentity,
    Images,
    Logs,
    Php,
    PhpSettings,
    Plan,
    PlansFile,
    Platform,
    Server,
    Settings,
    Staff,
    StaffFile,
    Uploads,
    inherit,
)

__all__ = [
    "Absorbed",
    "Acme",
    "AllowEntry",
    "AllowFile",
    "Capacity",
    "Datacenter",
    "DatacentersFile",
    "Deploy",
    "HostIdentity",
    "Images",
    "Inventory",
    "Logs",
    "Member",
    "MemberFile",
    "MergedEntry",
    "OldDomain",
    "Php",
    "PhpSettings",
    "Plan",
    "PlansFile",
    "Platform",
    "Server",
    "Settings",
    "Site",
    "SiteEntry",
    "Staff",
    "StaffFile",
    "TownHall",
    "Uploads",
    "Webmaster",
    "inherit",
]
