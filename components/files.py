"""From the library's plain records of files and folders to what the `Files` resource takes."""

from __future__ import annotations

from collections.abc import Mapping

from numerian.front import Folder, Managed
from provider import resources


def file_inputs(files: Mapping[str, Managed]) -> dict[str, resources.File]:
    """Return files by path, as the resource takes them, in the order of their paths.

    >>> file_inputs({"nginx.conf": Managed("")})
    {'nginx.conf': {'content': '', 'mode': '0644', 'owner': 'root', 'group': 'root'}}
    """
    return {
        path: {"content": file.content, "mode": file.mode, "owner": file.owner, "group": file.group}
        for path, file in sorted(files.items())
    }


def folder_inputs(folders: Mapping[str, Folder]) -> dict[str, resources.Folder]:
    """Return folders by path, as the resource takes them, in the order of their paths."""
    return {
        path: {"mode": folder.mode, "owner": folder.owner, "group": folder.group}
        for path, folder in sorted(folders.items())
    }
