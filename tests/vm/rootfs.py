# SPDX-License-Identifier: GPL-2.0-or-later
"""Root filesystems: made once by mmdebstrap, then only read.

One tree per kernel serves as build environment, as root of the VM and as
userspace test bed; packages are made and installed in others (kernels.py).  A
tree's directory carries a hash of everything that decides
its content, so a changed package list makes a new tree.  Whoever uses a tree
holds a shared flock on its directory; an outdated one goes when nobody does.
"""

from __future__ import annotations

import fcntl
import hashlib
import lzma
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kernel as own_kernel
from kernels import Kernel, VmError

LINUX_DIR = "/usr/src/memtel-linux"

# To make a tree: a mirror may be just between two states.
ATTEMPTS = 2

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

# What the headers packages lack: YNL, kselftest and the checkers.
LINUX_PATHS = (
    "Documentation/netlink",
    "scripts/checkpatch.pl",
    "scripts/const_structs.checkpatch",
    "scripts/kernel-doc",
    "scripts/spelling.txt",
    "tools/net/ynl",
    "tools/testing/selftests/kselftest",
    "tools/testing/selftests/kselftest.h",
    "tools/testing/selftests/kselftest_harness.h",
    "tools/testing/selftests/lib.mk",
    "tools/testing/selftests/run_kselftest.sh",
)

EXTRACT_LINUX = """
chroot "$1" sh -e <<'END'
mkdir -p {dir} /tmp/linux
cd /tmp/linux
apt-get -q -o APT::Sandbox::User=root download {package}
dpkg-deb --fsys-tarfile {package}_*.deb |
	tar -xO ./usr/src/{package}.tar.xz |
	tar -xJ -C {dir} --strip-components=1 {paths}
dpkg-deb -f {package}_*.deb Version >{dir}/VERSION
rm -r /tmp/linux
END
"""


# Around that, where the package comes from another suite.
FOREIGN_LIST = "etc/apt/sources.list.d/linux-source.list"
ADD_FOREIGN = """
echo '{lines}' >"$1"/{list}
chroot "$1" apt-get -q -o APT::Sandbox::User=root update
"""
DROP_FOREIGN = """
rm "$1"/{list}
chroot "$1" apt-get -q -o APT::Sandbox::User=root update
"""


def cache_dir(name: str = "rootfs") -> Path:
    """Where trees live: never inside the source tree."""
    return Path(os.environ.get("MEMTEL_CACHE", "/var/cache/memtel")) / name


def need_root(what: str) -> None:
    """Refuse early, with words, what would fail later without them."""
    if os.geteuid() != 0:
        raise VmError(f"{what} needs root")


def mmdebstrap_command(kernel: Kernel, target: Path) -> list[str]:
    """The command line that makes @kernel's tree in @target."""
    top = kernel.linux_source.removeprefix("linux-")
    extract = EXTRACT_LINUX.format(
        dir=LINUX_DIR, package=kernel.linux_source,
        paths=" ".join(f"linux-{top}/{p}" for p in
                       (*LINUX_PATHS, *kernel.linux_paths)))
    hooks = [extract] if kernel.linux_source else []
    if kernel.linux_source_from:
        hooks.insert(0, ADD_FOREIGN.format(
            list=FOREIGN_LIST, lines="\n".join(kernel.linux_source_from)))
        hooks.append(DROP_FOREIGN.format(list=FOREIGN_LIST))
    return [
        "mmdebstrap", "--mode=root", "--variant=apt", "--architectures=amd64",
        "--include=" + ",".join(kernel.all_packages()),
        '--aptopt=Apt::Install-Recommends "false"',
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        *(f"--customize-hook={hook}" for hook in hooks),
        "--customize-hook=rm -rf \"$1\"/var/cache/apt/*.bin",
        kernel.suite, str(target), *kernel.sources,
    ]


def kernel_release(root: Path) -> str:
    """The release of the kernel that @root can both build for and boot."""
    found = [p.parent.name for p in root.glob("lib/modules/*/modules.dep")
             if (p.parent / "build").is_symlink()]
    if len(found) != 1:
        raise VmError(f"{root}: expected one kernel with headers, got {found}")
    return found[0]


def kernel_image(root: Path) -> Path:
    """What to boot of @root: the ELF image where there is one.

    Newer packages leave vmlinuz beside the modules.
    """
    release = kernel_release(root)
    for name in (f"boot/vmlinux-{release}", f"boot/vmlinuz-{release}",
                 f"usr/lib/modules/{release}/vmlinuz"):
        if (root / name).exists():
            return root / name
    raise VmError(f"{root}: no kernel image of {release}")


def decompress(payload: bytes) -> bytes:
    """What a kernel's payload holds, or nothing when its format is unknown."""
    if payload.startswith(ZSTD_MAGIC):
        # Its length follows the frame.
        return subprocess.run(["zstd", "-dc"], input=payload[:-4],
                              stdout=subprocess.PIPE, check=True).stdout
    try:
        return lzma.LZMADecompressor().decompress(payload)
    except lzma.LZMAError:
        return b""


def extract_vmlinux(root: Path) -> None:
    """Leave the ELF image that vmlinuz holds in /boot.

    QEMU starts it through its PVH entry: that saves the seconds which
    emulation spends on decompressing.  What cannot be decompressed here is
    booted as it is.
    """
    image = kernel_image(root).read_bytes()
    # Offsets of the boot protocol: setup_sects, payload_offset and _length.
    setup_sects = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[(setup_sects + 1) * 512 + offset:][:length]
    elf = decompress(payload)
    if elf.startswith(b"\x7fELF"):
        (root / f"boot/vmlinux-{kernel_release(root)}").write_bytes(elf)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive flock on the file @path."""
    fd = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def remove_tree(root: Path) -> None:
    """Remove @root unless somebody is using it."""
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(root)
    except BlockingIOError:
        print(f"{root}: outdated, but in use", file=sys.stderr)
    finally:
        os.close(fd)


def build(kernel: Kernel, root: Path) -> None:
    """Make @root; it appears under its name only when it is complete."""
    need_root("making a root filesystem")
    if not shutil.which("mmdebstrap"):
        raise VmError("mmdebstrap is missing: run 'vm.py deps'")
    start = time.monotonic()
    partial = root.with_name(f".{root.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    for _ in range(ATTEMPTS):
        # INITRD=No: the VM has its own initramfs, Debian's would cost build time.
        # stdout is for the path alone: callers take it from there.
        done = subprocess.run(mmdebstrap_command(kernel, partial),
                              env=os.environ | {"INITRD": "No"},
                              stdin=subprocess.DEVNULL,
                              stdout=sys.stderr.buffer)
        if done.returncode == 0:
            break
        shutil.rmtree(partial, ignore_errors=True)
    else:
        raise VmError(f"mmdebstrap failed ({done.returncode})")
    if kernel.image:
        extract_vmlinux(partial)
    if kernel.config:
        own_kernel.install(kernel, partial, cache_dir("kernel"), run_chroot)
    partial.rename(root)
    for other in root.parent.glob(f"{kernel.name}-*"):
        # A name may be the beginning of another one: 6.1 and 6.1-rt.
        if other != root and other.name.rpartition("-")[0] == kernel.name:
            remove_tree(other)
    print(f"{kernel.name}: made in {time.monotonic() - start:.0f} s",
          file=sys.stderr)


def ensure(kernel: Kernel, rebuild: bool = False) -> Path:
    """The tree of @kernel, made if need be, pinned while this process lives.

    The pin is a flock on an inheritable descriptor: it also holds for the
    program that this process turns into.
    """
    recipe = "\0".join([*mmdebstrap_command(kernel, Path("/")), "1",
                        *own_kernel.recipe(kernel)])
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    root = cache_dir() / f"{kernel.name}-{digest}"
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with locked(root.parent / f".{kernel.name}.lock"):
            if rebuild and root.exists():
                remove_tree(root)
            if not root.exists():
                build(kernel, root)
            pin = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
            os.set_inheritable(pin, True)
            fcntl.flock(pin, fcntl.LOCK_SH)
    except PermissionError as error:
        raise VmError(f"{error.filename}: {error.strerror}") from error
    return root


def chroot_environment() -> dict[str, str]:
    """The environment of what runs in a chroot."""
    return os.environ | {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
    }


def chroot_command(root: Path, source: Path, command: list[str]) -> list[str]:
    """The command line that runs @command in @root, @source at its own path."""
    helper = Path(__file__).with_name("chroot.sh")
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child",
            "/bin/sh", str(helper), str(root), str(source), *command]


def run_chroot(root: Path, source: Path, command: list[str]) -> bool:
    """Run @command there; whether it succeeded. Its output is not ours."""
    return subprocess.run(chroot_command(root, source, command),
                          env=chroot_environment(), stdin=subprocess.DEVNULL,
                          stdout=sys.stderr.buffer).returncode == 0


def exec_chroot(kernel: Kernel, source: Path, command: list[str]) -> None:
    """Become @command, run in @kernel's tree, the source at its own path."""
    need_root("build-env")
    root = ensure(kernel)
    environment = chroot_environment()
    if kernel.image or kernel.config:
        release = kernel_release(root)
        environment |= {
            "KVER": release,
            "KDIR": f"/lib/modules/{release}/build",
        }
    sys.stdout.flush()
    os.execvpe("unshare", chroot_command(root, source, command), environment)
