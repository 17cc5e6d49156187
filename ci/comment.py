"""The one comment of a request: made by the first review, edited in place by the later ones."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ci.errors import CiError
from numerian.review.markdown import MARKER

MOST = 65_000
_PAGE = 100
_SECONDS = 30


@dataclass(frozen=True)
class Forge:
    """Where a request's comments are, in a forge's own terms."""

    comments: str
    """The URL of the request's list of comments; a new one is posted there."""
    one: str
    """The URL of one comment, up to its id."""
    edit: str
    """The method that edits it."""
    headers: Mapping[str, str]
    us: str
    """The URL that tells who we are, or "" where the name of the forge's own robot says it."""
    author: str
    """Under which key a comment has its author, whose `id` or `login` is ours."""


def github(number: int) -> Forge:
    """Return GitHub's (https://docs.github.com/rest/issues/comments), as the job's environment says."""
    api, repository = _variable("GITHUB_API_URL"), _variable("GITHUB_REPOSITORY")
    base = f"{api}/repos/{repository}/issues"
    headers = {
        "Authorization": f"Bearer {_variable('GITHUB_TOKEN')}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Forge(f"{base}/{number}/comments", f"{base}/comments", "PATCH", headers, "", "user")


def gitlab(number: int) -> Forge:
    """Return GitLab's (https://docs.gitlab.com/api/notes), as the job's environment says."""
    api, project = _variable("CI_API_V4_URL"), _variable("CI_PROJECT_ID")
    notes = f"{api}/projects/{project}/merge_requests/{number}/notes"
    headers = {"PRIVATE-TOKEN": _variable("NUMERIAN_COMMENT_TOKEN")}
    return Forge(notes, notes, "PUT", headers, f"{api}/user", "author")


FORGES = {"github": github, "gitlab": gitlab}
ROBOT = "github-actions[bot]"


def number(payload: str, branch: str) -> int:
    """Return the number of the request that a webhook of GitLab tells of
    (https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events).

    Raises:
        CiError: it tells of something else, or the request goes to another branch.
    """
    try:
        told = json.loads(payload)
        kind, request = told["object_kind"], told["object_attributes"]
        found, to = int(request["iid"]), request["target_branch"]
    except (ValueError, KeyError, TypeError):
        raise CiError("the webhook tells of no merge request; tick only these in its settings (docs/ci.md)") from None
    if kind != "merge_request" or to != branch:
        raise CiError(f"request {found} goes to another branch than {branch}; only that is reviewed")
    return found


def put(forge: Forge, text: str) -> str:
    """Have the request's comment say `text`; return what was done.

    Raises:
        CiError: the forge refuses, or doesn't answer.
    """
    body = (text if text.startswith(MARKER) else f"{MARKER}\n{text}")[:MOST]
    us = _ask(forge, "GET", forge.us)["id"] if forge.us else ROBOT
    for comment in _all(forge):
        author = comment.get(forge.author) or {}
        # By us: else whoever writes the marker first would have the review lost.
        if str(comment.get("body", "")).startswith(MARKER) and us in (author.get("id"), author.get("login")):
            if comment["body"] == body:
                return "the comment says so already"
            _ask(forge, forge.edit, f"{forge.one}/{int(comment['id'])}", {"body": body})
            return "the comment was edited"
    _ask(forge, "POST", forge.comments, {"body": body})
    return "a comment was written"


def _all(forge: Forge) -> Iterator[Mapping[str, Any]]:
    page = 1
    while True:
        found = _ask(forge, "GET", f"{forge.comments}?per_page={_PAGE}&page={page}")
        yield from found
        if len(found) < _PAGE:
            return
        page += 1


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to another address."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _ask(forge: Forge, method: str, url: str, content: Mapping[str, str] | None = None) -> Any:
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise CiError(f"{url} isn't https: the token isn't sent there")
    data = None if content is None else json.dumps(content).encode()
    headers = {**forge.headers, "Content-Type": "application/json", "User-Agent": "numerian"}
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 (seen above)
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise CiError(f"{method} {url}: the forge answers {error.code} {error.reason}") from None
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        raise CiError(f"{method} {url}: {error}") from None


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise CiError(f"${name} isn't set; the forge's job sets it (docs/ci.md)")
    return value.rstrip("/")
