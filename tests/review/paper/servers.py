"""Our two plugins with servers of paper: all is checked, compared and previewed as ever, and an apply only takes note.

So the whole program runs on a real engine, gets a state and is previewed against it, where there is no server at all.
A file of another content in `$NUMERIAN_PAPER_DRIFT` (`{"resource": {"path": "content"}}`) is what a refresh finds.
"""

import hashlib
import json
import os
import sys


def numerian(words):
    from provider.kinds.base import State
    from provider.kinds.files import Files
    from provider.kinds.host import Host
    from provider.kinds.service import Service
    from provider.server import main

    drift = json.loads(os.environ.get("NUMERIAN_PAPER_DRIFT") or "{}")

    async def create(self, context, news):
        return State(f"{news['host']}/{context.name}", news)

    async def update(self, context, id, olds, news):
        return State(f"{news['host']}/{context.name}", news)

    async def delete(self, context, id, olds):
        return None

    async def read(self, context, id, olds, inputs):
        files = dict(olds.get("files") or {})
        for path, content in drift.get(context.name, {}).items():
            files[path] = {**files[path], "content": content}
        return State(id, {**olds, **({"files": files} if "files" in olds else {})})

    for kind in (Files, Host, Service):
        kind.create, kind.update, kind.delete, kind.read = create, update, delete, read
    main(words)


def docker(words):
    from engine.docker_plugin import __main__ as plugin
    from engine.docker_plugin.container import Container
    from engine.docker_plugin.image import RemoteImage
    from engine.docker_plugin.kind import Found, declared

    def found(self, inputs):
        digest = hashlib.sha256(json.dumps(declared(inputs), sort_keys=True).encode()).hexdigest()
        outputs = {**self.preview(inputs), **declared(inputs)}
        for name, prop in self.fields.items():
            if prop.output or prop.computed:
                outputs[name] = f"sha256:{digest}" if name in ("imageId", "repoDigest") else inputs.get(name)
        return Found(digest, outputs)

    def create(self, work, inputs):
        return found(self, inputs)

    def update(self, work, id, state, inputs):
        return found(self, inputs)

    def read(self, work, id, state):
        return Found(id, dict(state))

    def delete(self, work, id, state):
        return None

    for kind in (Container, RemoteImage):
        kind.create, kind.update, kind.delete, kind.read = create, update, delete, read
    sys.exit(plugin.main(words))


{"numerian": numerian, "docker": docker}[sys.argv[1]](sys.argv[2:])
