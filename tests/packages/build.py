# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the packages, in a suite's tree that is for that."""

import re
import shutil
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]

# The ABI of the last release, by abidw. It has to have locations: by them
# abidiff tells types of the headers from others, and without leaves out all.
ABI = Path(__file__).with_name("libmemtel.abi")
ABIDW = ("abidw", "--no-corpus-path", "--no-comp-dir-path", "--short-locs",
         "--no-elf-needed", "--drop-private-types")

# Older suites know older standards only.
LINTIAN_SUPPRESS = "newer-standards-version"

# What packages hold at the least, each with one of its files.
BINARIES = {
    "memtel": "./usr/sbin/memteld",
    "memtel-dkms": "./usr/src/memtel-{version}/dkms.conf",
    "libmemtel1": "./usr/lib/x86_64-linux-gnu/libmemtel.so.1",
    "libmemtel-dev": "./usr/lib/x86_64-linux-gnu/pkgconfig/libmemtel.pc",
}


def current_version():
    """The version that the source says it is."""
    return (TOP / "VERSION").read_text().strip()


def next_version(version):
    """A version after @version."""
    *head, last = version.split(".")
    return ".".join([*head, str(int(last) + 1)])


def copy_source(version, parent):
    """A copy of the source below @parent, made @version if it is not."""
    source = parent / f"memtel-{version}"
    shutil.copytree(TOP, source, symlinks=True, ignore=shutil.ignore_patterns(
        ".git", "build", "__pycache__", ".checkpatch-camelcase*"))
    if version != current_version():
        changelog = source / "debian/changelog"
        old = changelog.read_text()
        trailer = re.search(r"^ -- .*$", old, re.M).group()
        changelog.write_text(f"memtel ({version}) unstable; urgency=medium\n\n"
                             f"  * A later version.\n\n{trailer}\n\n{old}")
        (source / "VERSION").write_text(f"{version}\n")
    return source


class Build:
    """Packages of @version, made in @layer; everything goes to @parent."""

    def __init__(self, layer, version, parent):
        self.layer, self.version, self.parent = layer, version, parent
        parent.mkdir(parents=True)
        self.source = copy_source(version, parent)

    def _inside(self, *command):
        """A command line that runs @command in the source."""
        return ("env", "-C", str(self.source), *command)

    def make(self):
        """The packages are made."""
        return self.layer.complaint(*self._inside(
            "dpkg-buildpackage", "-us", "-uc"))

    def debs(self):
        """Paths of the packages, without those of debugging symbols."""
        return sorted(path for path in self.parent.glob("*.deb")
                      if "-dbgsym_" not in path.name)

    def deb(self, package):
        """Path of a package."""
        return next(self.parent.glob(f"{package}_{self.version}_*.deb"))

    def contents(self):
        """Each package is there, and what it is for."""
        names = {path.name.split("_")[0] for path in self.debs()}
        if names != set(BINARIES):
            return f"packages: {sorted(names)}"
        for package, name in BINARIES.items():
            listed = self.layer.output("dpkg-deb", "-c", self.deb(package))
            if f" {name.format(version=self.version)}" not in listed:
                return f"{package} lacks {name}:\n{listed}"
        return None

    def versions(self):
        """debian/changelog and VERSION say the same."""
        said = self.layer.output(*self._inside(
            "dpkg-parsechangelog", "-S", "Version")).strip()
        return None if said == self.version else \
            f"changelog: {said}, VERSION: {self.version}"

    def lintian(self):
        """lintian has no remark."""
        changes = next(self.parent.glob("*.changes"))
        return self.layer.complaint(
            "lintian", "--allow-root", "--fail-on", "error,warning",
            "--suppress-tags", LINTIAN_SUPPRESS, str(changes))

    def _headers(self):
        return str(self.source / "debian/libmemtel-dev/usr/include")

    def _library(self):
        """The library with its debugging information."""
        return str(self.source / "build/debian/libmemtel.so.1")

    def abi(self):
        """Programs built with the last release's library run with this."""
        if not ABI.exists():
            return f"{ABI} is missing"
        return self.layer.complaint(
            "abidiff", "--no-added-syms", "--drop-private-types",
            "--headers-dir2", self._headers(),
            str(self.source / ABI.relative_to(TOP)), self._library())

    def write_abi(self):
        """Make this the ABI of the last release."""
        dump = self.parent / ABI.name
        self.layer.output(*ABIDW, "--headers-dir", self._headers(),
                          "--out-file", str(dump), self._library())
        shutil.copyfile(dump, ABI)
