"""`python -m ci VERB`: one job's work. Exit codes: 0 done, 1 refused, failed or different, 2 wrong usage."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from ci import comment, published
from ci.errors import RefusedError
from ci.git import Repository
from engine.errors import EngineError
from numerian.engine.workspace import find
from numerian.errors import NumerianError

STACK = "production"


def parser() -> ArgumentParser:
    """Return the arguments of all verbs."""
    top = ArgumentParser(prog="python -m ci", description="What the forges' jobs run (docs/ci.md).")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, does: str, *, stack: bool = True, remote: bool = False) -> ArgumentParser:
        made = verbs.add_parser(name, help=does, description=does)
        if stack:
            made.add_argument("--stack", default=STACK)
        if remote:
            made.add_argument("--remote", default="origin")
        return made

    one = verb("prepare", "make a tree of the target's code and the request's inventory", remote=True)
    one.add_argument("--request", required=True, metavar="REF", help="such as refs/pull/7/head")
    one.add_argument("--target", default="HEAD", help="the commit to merge into (default: this checkout's)")
    one.add_argument("--tree", type=Path, required=True)
    one.add_argument("--output", type=Path, required=True, help="where a refusal is written")
    one = verb("review", "check and preview in a prepared tree")
    one.add_argument("--tree", type=Path, required=True)
    one.add_argument("--output", type=Path, required=True)
    one = verb("number", "print the number of the request that GitLab's webhook tells of", stack=False)
    one.add_argument("payload", type=Path)
    one.add_argument("--branch", default="main", help="what a request must go to")
    one = verb("comment", "write a review into the request's one comment", stack=False)
    one.add_argument("--forge", choices=tuple(comment.FORGES), required=True)
    one.add_argument("--number", type=int, required=True)
    one.add_argument("file", type=Path)
    verb("drift", "tell what differs on the servers")
    one = verb("apply", "run `numerian up` from the tip of the target branch", remote=True)
    one.add_argument("--branch", default="main")
    one.add_argument("--output", type=Path, required=True, help="where the state without its secrets is written")
    one = verb("blind", "write the state without its secrets")
    one.add_argument("--output", type=Path, required=True)
    one = verb("publish", "put a blinded state where reviews find it", remote=True)
    one.add_argument("file", type=Path)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; whatever goes wrong is one readable sentence."""
    options = parser().parse_args(arguments)
    try:
        return _run(options, Repository(Path.cwd()))
    except RefusedError as error:
        from ci import words

        options.output.write_text(words.refused(error.refusals), encoding="utf-8")
        print(error, file=sys.stderr)
    except (NumerianError, EngineError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {(error.strerror or str(error)).lower()}", file=sys.stderr)
    return 1


def _run(options: Namespace, repository: Repository) -> int:
    # Each imports what it needs: `number`, `comment` and `publish` run without any package, where a token is near.
    match options.verb:
        case "prepare" | "review":
            return _look(options, repository)
        case "number":
            print(comment.number(options.payload.read_text(encoding="utf-8"), options.branch))
        case "comment":
            text = options.file.read_text(encoding="utf-8")
            print(comment.put(comment.FORGES[options.forge](options.number), text))
        case "publish":
            published.publish(repository, options.remote, options.stack, options.file)
        case _:
            return _deploy(options, repository)
    return 0


def _look(options: Namespace, repository: Repository) -> int:
    """Do what looks at a request."""
    from ci import review, tree

    folder = options.tree.absolute()
    if options.verb == "prepare":
        tree.prepare(repository, options.remote, options.request, options.target, options.stack, folder)
        return 0
    good, text = review.review(folder, options.stack)
    options.output.write_text(text, encoding="utf-8")
    return int(not good)


def _deploy(options: Namespace, repository: Repository) -> int:
    """Do what needs the stack's passphrase."""
    from ci import deploy

    place = find(options.stack)
    if options.verb == "drift":
        return deploy.drift(place)
    if options.verb == "apply":
        return deploy.apply(place, repository, options.remote, options.branch, options.output)
    deploy.blinded(place, repository, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
