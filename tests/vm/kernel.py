# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels of our own configuration, for what Debian's do not have.

One is built from Debian's source in the root filesystem that it is for, in about
a quarter of an hour. So what was built is kept beside the root filesystems, by
the version of the source and the configuration, and outlives them.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kernels import Kernel, VmError

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "make-kernel.sh"

# (root, directory, command): whether it succeeded there
Run = Callable[[Path, Path, list[str]], bool]


def config_text(kernel: Kernel) -> str:
    """The kernel's configuration, as far as it is not tinyconfig's."""
    return "".join((HERE / "config" / name).read_text()
                   for name in kernel.config)


def recipe(kernel: Kernel) -> list[str]:
    """All that decides what is built, but for the source."""
    return [config_text(kernel), SCRIPT.read_text()] if kernel.config else []


class Workshop:
    """A directory where a kernel is made, in the root filesystem it is for."""

    def __init__(self, kernel: Kernel, root: Path, here: Path, run: Run):
        self.kernel, self.root, self.here, self.run = kernel, root, here, run
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir(parents=True)
        (here / "config").write_text(config_text(kernel))
        shutil.copy(SCRIPT, here)

    def do(self, what: str) -> None:
        """Run make-kernel.sh."""
        if not self.run(self.root, self.here,
                        ["nice", "sh", SCRIPT.name, what,
                         self.kernel.kernel_source]):
            raise VmError(f"{self.kernel.name}: no kernel: see above, and "
                          f"{self.here}")

    def version(self) -> str:
        """Of the source package."""
        self.do("version")
        return (self.here / "version").read_text().strip()

    def build(self, archive: Path) -> None:
        """Build the kernel into @archive."""
        start = time.monotonic()
        self.do("build")
        partial = archive.with_suffix(".partial")
        subprocess.run(["tar", "-cf", partial, "-C", self.here / "out", "."],
                       check=True)
        partial.rename(archive)
        print(f"{self.kernel.name}: kernel built in "
              f"{time.monotonic() - start:.0f} s", file=sys.stderr)


def install(kernel: Kernel, root: Path, cache: Path, run: Run) -> None:
    """Have @kernel's own kernel in @root, built unless it is in @cache.

    @run runs a command in a root filesystem, in a directory outside it.
    """
    shop = Workshop(kernel, root, cache / f".{kernel.name}.work", run)
    digest = hashlib.sha256("\0".join(recipe(kernel)).encode()).hexdigest()[:12]
    archive = cache / f"{kernel.name}-{shop.version()}-{digest}.tar"
    if not archive.exists():
        shop.build(archive)
    shutil.rmtree(shop.here)
    for other in cache.glob(f"{kernel.name}-*.tar"):
        if other != archive:
            other.unlink()
    # The top of a tree has links to directories, which stay.
    subprocess.run(["tar", "-xf", archive, "-C", root,
                    "--keep-directory-symlink"], check=True)
