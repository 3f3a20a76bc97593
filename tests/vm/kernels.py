# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernels memtel is tested on: one row each.

A row names a Debian suite, because the suite brings the toolchain that built
its kernel and the libraries its users have.  Packages are named without a
version, so that a rebuilt root filesystem follows the suite's updates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR = "http://deb.debian.org"

# What every root filesystem holds, whatever its kernel.
BUILD_PACKAGES = (
    "bash-completion", "codespell", "dwarves", "gcc", "libc6-dev",
    "libjson-c-dev", "libnl-3-dev", "libnl-genl-3-dev", "libpcre2-dev",
    "libsystemd-dev", "libyaml-dev", "make", "pkg-config", "scdoc",
    "shellcheck", "sparse", "valgrind", "xz-utils",
)
RUN_PACKAGES = (
    "bsdextrautils", "busybox-static", "hostname", "iproute2", "kmod",
    "libcap2-bin", "man-db", "mount", "numactl", "perl", "procps", "python3",
    "python3-jsonschema", "python3-pyroute2", "python3-yaml", "stress-ng",
    "util-linux",
)

# What builds a kernel, beyond BUILD_PACKAGES.
KERNEL_PACKAGES = ("bc", "bison", "flex", "libelf-dev")

# What makes packages of memtel; no kernel is among it.
PACKAGING_PACKAGES = (
    "abigail-tools", "build-essential", "debhelper", "dh-sequence-dkms",
    "fakeroot", "libjson-c-dev", "libnl-3-dev", "libnl-genl-3-dev",
    "libpcre2-dev", "libsystemd-dev", "libyaml-dev", "lintian", "pkg-config",
    "scdoc",
)
# What runs the VMs: bookworm's own QEMU counts the instructions of one CPU only.
QEMU_PACKAGES = tuple(f"{package}/bookworm-backports" for package in (
    "qemu-system-common", "qemu-system-data", "qemu-system-x86", "seabios"))
# What else people use, measured beside memtel.
BENCH_PACKAGES = ("bpfcc-tools", "bpftrace", "linux-perf")
# What runs sanitizers, fuzzers and checkers of userspace; no kernel either. Some of
# the kernel's semantic patches are in part Python.
ANALYSIS_PACKAGES = (
    "clang", "coccinelle", "cppcheck", "gcc", "lcov", "libc6-dev",
    "libclang-rt-14-dev", "libjson-c-dev", "libnl-3-dev", "libnl-genl-3-dev",
    "libpcre2-dev", "libpython3-dev", "libsystemd-dev", "libyaml-dev", "llvm",
    "make", "pkg-config", "python3", "python3-yaml", "scdoc", "valgrind",
    "xz-utils",
)
# A host before memtel is installed, and what the VM and its tests take.
HOST_PACKAGES = ("busybox-static", "dkms", "python3", "systemd-sysv", "udev")

BENCH = "-bench"


class VmError(Exception):
    """Something the user can mend; shown without a traceback."""


@dataclass(frozen=True)
class Kernel:
    """One row of the table, or another root filesystem made alike.

    @name: what the command line calls it
    @suite: Debian suite of the root filesystem
    @sources: apt sources lines
    @image, @headers: packages of the kernel and of what builds modules for it
    @kernel_source, @config: instead of them package of the kernel's source, and
        files of config/ that its configuration is made of; see kernel.py
    @append: its arguments
    @linux_source: package whose tarball has YNL, kselftest and checkpatch,
        if any
    @linux_paths: of it, beyond what all trees have
    @linux_source_from: apt sources lines for that package alone, where the
        suite lacks it
    @packages: anything this row needs beyond @common
    @common: what all trees of this kind hold
    """

    name: str
    suite: str
    sources: tuple[str, ...]
    image: str = "linux-image-amd64"
    headers: str = "linux-headers-amd64"
    kernel_source: str = ""
    config: tuple[str, ...] = ()
    append: tuple[str, ...] = ()
    linux_source: str = "linux-source-6.12"
    linux_paths: tuple[str, ...] = ()
    linux_source_from: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    common: tuple[str, ...] = BUILD_PACKAGES + RUN_PACKAGES

    def all_packages(self) -> list[str]:
        """Every package of the root filesystem, sorted."""
        return sorted({*self.common, *self.packages, self.image, self.headers}
                      - {""})

    def is_debian(self) -> bool:
        """Whether it is one that users have."""
        return not self.config

    def packaging(self) -> Kernel:
        """The tree that makes packages: one for all rows of a suite."""
        return replace(self, name=f"{self.suite}-packaging", image="",
                       headers="", linux_source="", linux_source_from=(),
                       packages=(), common=PACKAGING_PACKAGES)

    def host(self) -> Kernel:
        """The tree that packages are installed in."""
        return replace(self, name=f"{self.name}-host", linux_source="",
                       linux_source_from=(), packages=(),
                       common=HOST_PACKAGES)

    def bench(self) -> Kernel:
        """The tree where memtel is measured beside others."""
        return replace(self, name=self.name + BENCH,
                       packages=self.packages + BENCH_PACKAGES)


def debian(suite: str, *extra: str) -> tuple[str, ...]:
    """Sources lines of @suite, its security updates and @extra suites.

    Backports may stand among the extra ones: apt does not prefer them unless
    a package exists nowhere else.
    """
    line = f"deb [signed-by={KEYRING}] {MIRROR}"
    return (*(f"{line}/debian {s} main" for s in (suite, *extra)),
            security(suite))


def security(suite: str) -> str:
    """Sources line of @suite's security updates."""
    return (f"deb [signed-by={KEYRING}] {MIRROR}"
            f"/debian-security {suite}-security main")


BOOKWORM = debian("bookworm", "bookworm-updates", "bookworm-backports")


def own(name: str, *config: str, append: tuple[str, ...] = ()) -> Kernel:
    """A row of a kernel of our own configuration."""
    return Kernel(name, "bookworm", BOOKWORM, image="", headers="",
                  kernel_source="linux-source-6.1", config=config,
                  append=("brd.rd_nr=1", "brd.rd_size=4194304", *append),
                  packages=KERNEL_PACKAGES)


# The first is the default; the others from the oldest to the newest, and two
# that find mistakes.
KERNELS = (
    Kernel("6.1", "bookworm", BOOKWORM),
    Kernel("5.10", "bullseye", debian("bullseye", "bullseye-updates"),
           linux_source_from=(security("bookworm"),)),
    Kernel("6.1-rt", "bookworm", BOOKWORM,
           image="linux-image-rt-amd64", headers="linux-headers-rt-amd64"),
    Kernel("6.12", "bookworm", BOOKWORM,
           image="linux-image-amd64/bookworm-backports",
           headers="linux-headers-amd64/bookworm-backports"),
    Kernel("7.3", "trixie",
           debian("trixie", "trixie-updates", "trixie-backports"),
           image="linux-image-amd64/trixie-backports",
           headers="linux-headers-amd64/trixie-backports"),
    own("6.1-debug", "vm", "debug",
        append=("slub_debug=FZP", "page_poison=1")),
    # Where only modules are compiled for KCSAN there are few accesses to choose from.
    own("6.1-kcsan", "vm", "kcsan", append=("kcsan.skip_watch=200",)),
)


# No kernels, but trees like the others.
QEMU = Kernel("qemu", "bookworm", BOOKWORM, image="", headers="",
              linux_source="", common=QEMU_PACKAGES)
ANALYSIS = Kernel("analysis", "bookworm", BOOKWORM, image="", headers="",
                  linux_paths=("scripts/coccinelle",),
                  common=ANALYSIS_PACKAGES)


def find_kernel(name: str | None) -> Kernel:
    """The row called @name; the first row when no name is given.

    With "-bench" behind its name the tree where memtel is measured.
    """
    if name is None:
        return KERNELS[0]
    if name.endswith(BENCH):
        return find_kernel(name.removesuffix(BENCH)).bench()
    for kernel in KERNELS:
        if kernel.name == name:
            return kernel
    raise VmError(f"no kernel '{name}': known are "
                  + ", ".join(k.name for k in KERNELS))


def find_tree(name: str | None) -> Kernel:
    """The row called @name, of kernels or of what analyses without one."""
    return ANALYSIS if name == ANALYSIS.name else find_kernel(name)
