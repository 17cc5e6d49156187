"""What each key of the inventory means, in French: for editors (JSON schema) and for docs/inventory.md.

The English words stand in the models; a test says which key has no French ones.
"""

from __future__ import annotations

_INHERITING = {"PlanEntry": "Settings"}

FRENCH: dict[str, str] = {
    # members/*.yaml
    "MemberFile.insee": "Le code INSEE, pour une commune.",
    "MemberFile.siren": "Le SIREN, pour un EPCI.",
    "MemberFile.departement": "Le code, pour un département.",
    "MemberFile.datacenter": "Le datacenter qui le sert.",
    "MemberFile.server": "Le serveur qui le sert ; par défaut, le premier du datacenter.",
    "MemberFile.plan": "Sa formule, parmi celles de plans.yaml.",
    "MemberFile.quota_mb": "La place pour les fichiers du site, en Mo, quand ce n’est pas celle de la formule.",
    "MemberFile.php": "Ce que reçoit son site PHP, là où ce n’est pas ce que dit la formule.",
    "MemberFile.status": "leaving : à partir de leaving_on, les services s’arrêtent et les données sont archivées.",
    "MemberFile.leaving_on": "Le jour où s’arrêtent les services d’un membre qui part.",
    "MemberFile.merged": "La commune dont celle-ci fait maintenant partie.",
    "MemberFile.contact": "Où écrire au membre : l’adresse d’une fonction.",
    "MemberFile.site": "Le site du membre.",
    "MemberFile.town_hall": "La mairie, telle que la page d’accueil la présente.",
    "MergedEntry.into": "Le code INSEE de la commune dont elle fait maintenant partie.",
    "MergedEntry.until": "Le dernier jour où son code et ses adresses sont gardés ; ensuite, archivage.",
    "MergedEntry.site": "redirect : ses adresses mènent au site de l’autre, ses fichiers restent. "
    "keep : son site reste servi.",
    "OldDomain.domain": "Le domaine, sans www.",
    "OldDomain.until": "Le dernier jour où il mène ici ; sans date, toujours.",
    "SiteEntry.kind": "static : les fichiers du membre sont servis ici. php : ils peuvent contenir des programmes PHP, "
    "qui tournent dans un conteneur à eux. redirect : les visiteurs sont envoyés vers `to`.",
    "SiteEntry.domain": "Son domaine, sans www.",
    "SiteEntry.canonical": "L’adresse où arrivent les visiteurs : avec www (www) ou sans (bare).",
    "SiteEntry.old_domains": "Les domaines qui mènent à celui-ci, avec leur dernier jour (until) s’il y en a un.",
    "SiteEntry.to": "Où mène une redirection.",
    "SiteEntry.maintenance": "Montrer la page de maintenance.",
    "SiteEntry.webmasters": "Qui peut déposer ses fichiers, par SFTP.",
    "TownHall.address": "Son adresse postale, ligne par ligne.",
    "TownHall.phone": "Son numéro de téléphone.",
    "TownHall.email": "Son adresse pour le public.",
    "TownHall.hours": "Les horaires d’ouverture, en lignes libres.",
    "TownHall.director": "La fonction du directeur de la publication : le maire.",
    "Webmaster.name": "La fonction, telle qu’elle figure dans l’identifiant.",
    "Webmaster.keys": "Les clés SSH publiques qui ouvrent la session.",
    "Webmaster.password": "Un mot de passe généré ouvre la session ; un autre numéro en génère un autre.",
    # plans.yaml
    "PlansFile.defaults": "Ce qui vaut pour toutes les formules.",
    "PlansFile.plans": "Les formules, par leur nom.",
    "PlanEntry.label": "Son nom, tel qu’on le lit.",
    "PlanEntry.up_to": "`numerian new` propose cette formule aux membres qui ont au plus ce nombre d’habitants ; "
    "celle qui n’a pas cette clé, à tous les plus grands.",
    "Settings.quota_mb": "La place pour les fichiers du site, en Mo.",
    "Settings.canonical": "L’adresse où arrivent les visiteurs : avec www (www) ou sans (bare).",
    "Settings.php": "Ce que reçoit un site PHP ; chaque clé s’hérite pour elle-même.",
    "PhpSettings.memory_mb": "La mémoire du conteneur du site, en Mo, pour tous ses processus ensemble.",
    "PhpSettings.processes": "À combien de visiteurs PHP répond en même temps.",
    "PhpSettings.upload_mb": "Le plus gros fichier qu’un visiteur peut envoyer, en Mo.",
    "PhpSettings.cpu": "Combien de processeurs le site peut occuper.",
    "PhpSettings.seconds": "Combien de temps PHP peut calculer une réponse, en secondes.",
    # datacenters.yaml
    "DatacentersFile.format": "Le format de l’inventaire ; `numerian upgrade` met à niveau un ancien.",
    "DatacentersFile.platform": "Les réglages de toute la plateforme.",
    "DatacentersFile.datacenters": "Les datacenters, par leur nom.",
    "DatacentersFile.servers": "Les serveurs, par leur nom.",
    "Platform.name": "Le nom de la plateforme.",
    "Platform.host_identity": "Qui héberge les sites.",
    "Platform.acme": "L’autorité de certification.",
    "Platform.noindex": "Demander aux moteurs de recherche de rester à l’écart (maquette, répétitions).",
    "Platform.images": "La date de chaque image.",
    "Platform.logs": "Combien de temps les journaux sont gardés.",
    "Platform.deploy": "Qui peut se connecter au compte de l’outil.",
    "Platform.uploads": "Ce qui vaut pour tous ceux qui déposent des fichiers.",
    "Platform.domain_suffix": "Ce qui suit le nom d’un nouveau membre dans le domaine que propose `numerian new`.",
    "Platform.security_contact": "Pour security.txt.",
    "HostIdentity.name": "Le nom de l’hébergeur.",
    "HostIdentity.address": "Son adresse postale.",
    "HostIdentity.phone": "Son numéro de téléphone.",
    "Acme.directory": "Son répertoire ACME.",
    "Acme.email": "Où elle écrit au sujet des certificats.",
    "Images.front": "La date de l’image du frontal.",
    "Images.php": "La date de l’image des sites PHP ; par défaut, celle du frontal.",
    "Images.sftp": "La date de l’image du dépôt de fichiers ; par défaut, celle du frontal.",
    "Logs.visits_days": "Les visites, sans adresse complète, en jours.",
    "Logs.security_days": "Le journal court aux adresses complètes, contre les abus, en jours.",
    "Logs.uploads_days": "Qui a changé quoi dans les fichiers d’un site, et d’où : un hébergeur le doit un an.",
    "Deploy.keys": "Les clés SSH publiques.",
    "Deploy.keys_files": "Des fichiers de clés publiques, une par ligne ; chemins relatifs à ce fichier.",
    "Uploads.keep_days": "Les jours pendant lesquels un état plus ancien des fichiers d’un site est gardé.",
    "DatacenterEntry.label": "Son nom, tel qu’on le lit.",
    "DatacenterEntry.reboot": "Quand ses serveurs redémarrent, si une mise à jour le demande ; "
    "chaque datacenter a son jour.",
    "DatacenterEntry.longitude": "Où il se trouve (WGS 84, en degrés) ; `numerian new` propose le plus proche "
    "qui a de la place.",
    "DatacenterEntry.latitude": "Où il se trouve (WGS 84, en degrés).",
    "ServerEntry.datacenter": "Le datacenter où il se trouve.",
    "ServerEntry.address": "Où l’on joint son sshd.",
    "ServerEntry.port": "Le port où l’on joint son sshd.",
    "ServerEntry.sshd_port": "Le port où son sshd écoute, si ce qui est devant lui en change.",
    "ServerEntry.user": "L’utilisateur au nom duquel l’outil se connecte.",
    "ServerEntry.first_user": "L’utilisateur au nom duquel l’outil se connecte tant que `user` n’existe pas.",
    "ServerEntry.identity_files": "Les clés privées à essayer, avec celles de l’agent ; chemins relatifs au fichier.",
    "ServerEntry.host_keys": "Ses clés d’hôte publiques, les seules acceptées.",
    "ServerEntry.host_keys_file": "Un fichier de clés d’hôte, une par ligne après le nom du serveur (known_hosts).",
    "ServerEntry.jump": "Le serveur par lequel on joint celui-ci.",
    "ServerEntry.public_addresses": "Les adresses vers lesquelles les domaines des membres doivent pointer.",
    "ServerEntry.own_kernel": "Si son noyau est le sien. Celui d’un conteneur ne l’est pas : il est seulement lu.",
    "ServerEntry.capacity": "Ce pour quoi il a de la place.",
    "Capacity.sites": "Des sites, de toute sorte.",
    "Capacity.php_sites": "Parmi eux, des sites PHP.",
    "Capacity.disk_gb": "La place pour les quotas de tous ses membres ensemble, en Go.",
    "Capacity.memory_mb": "La mémoire pour les sites PHP ensemble, en Mo.",
    # staff.yaml
    "StaffFile.staff": "Les comptes, par leur identifiant.",
    "StaffEntry.keys": "Les clés SSH publiques.",
    # allow.yaml
    "AllowFile.allow": "Ce qui passe, entrée par entrée.",
    "AllowEntry.rule": "vanished : le fichier d’un membre part sans status: leaving. many : plus de 30 % d’une sorte "
    "sont retirés ou déplacés à la fois. capacity : un serveur a plus que sa place. domain : un membre prend le "
    "domaine d’un autre.",
    "AllowEntry.what": "Le code du membre (vanished), la sorte (many), le serveur (capacity), le domaine (domain).",
    "AllowEntry.until": "Le dernier jour où cela vaut.",
    "AllowEntry.why": "La raison, pour qui relit le changement.",
}


def in_french(model: str, key: str) -> str | None:
    """Return what a key of a model means, in French; None where nobody has written it yet.

    >>> in_french("PlanEntry", "quota_mb")
    'La place pour les fichiers du site, en Mo.'
    """
    return FRENCH.get(f"{model}.{key}") or FRENCH.get(f"{_INHERITING.get(model, '')}.{key}")
