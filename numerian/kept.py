"""What the state keeps of a member: the plain map that the guard compares, and that a review tells changes from.

It holds what people decided and what services follow from it, and no secret, ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numerian.model import Member, Site


def kept(member: Member) -> dict[str, Any]:
    """Return what is kept of a member: JSON values only. Dates are ISO text, what isn't said is None.

    `kinds` are the services that it has on its host now: none from the day on which it left.
    `merged` are the communes that it took over, `merged_into` the one that it became a part of.
    """
    into = member.merged
    return {
        "name": member.name,
        "kind": member.kind,
        "datacenter": member.datacenter,
        "host": member.server,
        "plan": member.plan.name,
        "quota_mb": member.plan.quota_mb,
        "status": member.status,
        "leaving_on": member.leaving_on.isoformat() if member.leaving_on else None,
        "kinds": ["site"] if member.site and member.served else [],
        "site": _site(member.site) if member.site else None,
        "merged": [
            {"code": one.code, "name": one.name, "until": one.until.isoformat(), "site": one.site}
            for one in member.absorbed
        ],
        "merged_into": {"code": into.into, "until": into.until.isoformat(), "site": into.site} if into else None,
    }


def _site(site: Site) -> Mapping[str, Any]:
    return {
        "kind": site.kind,
        "domain": site.domain,
        "canonical": site.canonical,
        "old_domains": [
            {"domain": old.domain, "until": old.until.isoformat() if old.until else None} for old in site.old_domains
        ],
        "to": site.to,
        "maintenance": site.maintenance,
        "webmasters": [webmaster.name for webmaster in site.webmasters],
    }
