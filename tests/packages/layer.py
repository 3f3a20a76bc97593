# SPDX-License-Identifier: GPL-2.0-or-later
"""A root filesystem that is written to, without harm to the tree below.

What is written is a layer in memory over a tree of tests/vm/rootfs.py. It is
mounted in this process's mount namespace, which has to be its own.
"""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import rootfs
from tap import complaint, output


class Layer:
    """@tree with a layer over it, in the empty directory @place.

    Commands run in a chroot where the directory @share is, too.
    """

    def __init__(self, tree, place, share):
        self.tree, self.place, self.share = tree, place, share
        place.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs",
                        place], check=True)
        (place / "whole").mkdir()

    def _run(self, function, command, environment):
        return function(
            *rootfs.chroot_command(self.tree, self.share, list(command)),
            stdin=subprocess.DEVNULL,
            env=rootfs.chroot_environment() | environment
            | {"CHROOT_KEEP": str(self.place),
               "DEBIAN_FRONTEND": "noninteractive"})

    def output(self, *command, **environment):
        """What a command prints in it; CalledProcessError when it fails."""
        return self._run(output, command, environment)

    def complaint(self, *command, **environment):
        """The end of what a command says in it when it fails, or None."""
        return self._run(complaint, command, environment)

    @contextmanager
    def whole(self):
        """A directory that shows tree and layer as one, to read."""
        path = self.place / "whole"
        subprocess.run(
            ["mount", "-t", "overlay", "overlay", path, "-o",
             f"lowerdir={self.place / 'upper'}:{self.tree}"], check=True)
        try:
            yield path
        finally:
            subprocess.run(["umount", path], check=True)

    def changes(self):
        """(paths that the tree lacks, paths of the tree that are gone)."""
        added, gone = [], []
        upper = self.place / "upper"
        for folder, folders, files in os.walk(upper):
            for name in (*folders, *files):
                path = Path(folder, name)
                inner = path.relative_to(upper)
                # What overlayfs leaves for what was removed.
                is_gone = (path.is_char_device() and not path.is_symlink()
                           and path.stat().st_rdev == 0)
                if is_gone:
                    gone.append(str(inner))
                elif not os.path.lexists(self.tree / inner):
                    added.append(str(inner))
        return sorted(added), sorted(gone)
