#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate C from kmod/memtel.yaml: gen.py [--check] LINUX

LINUX is a kernel source tree with tools/net/ynl and Documentation/netlink
(6.12's). The generator is staged with the specification where it expects to
find it. With --check nothing is written: a difference to what is committed is
shown, and is an error. The specification is checked against the kernel's
schema either way.
"""

import difflib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

KMOD = Path(__file__).resolve().parents[1] / "kmod"

# What is generated, and the generator's options for it.
OUTPUTS = {
    "include/uapi/linux/memtel.h": ("uapi", "--header"),
    "generated/netlink.h": ("kernel", "--header"),
    "generated/netlink.c": ("kernel", "--source"),
}


def stage(linux: Path, root: Path) -> Path:
    """A tree as the generator wants it; returns where the spec is in it."""
    netlink = root / "Documentation/netlink"
    (netlink / "specs").mkdir(parents=True)
    for schema in (linux / "Documentation/netlink").glob("*.yaml"):
        shutil.copy(schema, netlink)
    shutil.copy(KMOD / "memtel.yaml", netlink / "specs")
    shutil.copytree(linux / "tools/net/ynl", root / "tools/net/ynl")
    # The generator looks upwards for this file to find the tree's root.
    (root / "MAINTAINERS").touch()
    return Path("Documentation/netlink/specs/memtel.yaml")


def generate(root: Path, spec: Path, mode: str, kind: str) -> str:
    """One output's text."""
    # A source includes the header of its own name.
    out = root / ("netlink.c" if kind == "--source" else "netlink.h")
    done = subprocess.run(
        [sys.executable, "tools/net/ynl/ynl-gen-c.py", "--spec", str(spec),
         "--mode", mode, kind, "-o", str(out)],
        cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"gen.py: the generator failed:\n{done.stderr}")
    return out.read_text()


def main() -> int:
    """Generate or check all outputs."""
    args = sys.argv[1:]
    checking = "--check" in args
    paths = [arg for arg in args if arg != "--check"]
    if len(paths) != 1 or not (Path(paths[0]) / "tools/net/ynl").is_dir():
        sys.exit(__doc__.splitlines()[0] + ": no kernel source tree given")
    status = 0
    with tempfile.TemporaryDirectory() as root:
        spec = stage(Path(paths[0]), Path(root))
        for name, (mode, kind) in OUTPUTS.items():
            text = generate(Path(root), spec, mode, kind)
            path = KMOD / name
            if not checking:
                path.write_text(text)
            elif path.read_text() != text:
                sys.stdout.writelines(difflib.unified_diff(
                    path.read_text().splitlines(True), text.splitlines(True),
                    f"committed/{name}", f"generated/{name}"))
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
