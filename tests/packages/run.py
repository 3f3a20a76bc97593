#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the packages, install, use, upgrade and purge them; TAP on stdout.

  run.py KERNEL...      rows of tests/vm/kernels.py, of one suite; needs root
  run.py --abi KERNEL   make the ABI of this source that of the last release

Packages are made once, in a tree of the suite's, and installed in one of each
kernel's, a host before memtel. DKMS builds the module there in a chroot, since
the compiler is slow in a VM; the result is booted, with systemd.
"""

import os
import re
import shutil
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/vm"))

# pylint: disable=wrong-import-position
import build
import guest
import rootfs
import signature
from kernels import VmError, find_kernel
from layer import Layer
from tap import Tap

OWN_NAMESPACE = "MEMTEL_OWN_NAMESPACE"

# What stays on a host when memtel and what came with it have been purged: logs
# and caches of apt's and Python's, DKMS's own folder and key, and what ldconfig
# and friends make anew.
LEFT = re.compile("|".join((
    r"var/(log|cache|lib/apt|lib/dpkg|lib/systemd)(/.*)?",
    r"var/lib/dkms/(mok\.(key|pub)|dkms_dbversion)",
    r"usr/lib/python3/(.*/)?__pycache__(/.*)?",
    r"tmp|run(/.*)?|root/\.rnd",
)))


class Host:
    """A host, @layer, that packages are installed on."""

    def __init__(self, layer, share):
        self.layer, self.share = layer, share
        self.release = rootfs.kernel_release(layer.tree)

    def install(self, debs):
        """apt installs packages, as files and with what they need."""
        return self.layer.complaint(
            "apt-get", "-y", "install",
            *(f"./{path.relative_to(self.share)}" for path in debs))

    def purge(self, packages):
        """apt purges packages, and what came with them."""
        return self.layer.complaint("apt-get", "-y", "--autoremove", "purge",
                                    *packages)

    def dkms(self, version):
        """DKMS has the module of one version, built and installed."""
        said = self.layer.output("dkms", "status")
        # Bookworm's has readelf look for a compiler's name in the vmlinux of
        # newer kernels' headers, which warns that there is none.
        found = "\n".join(line for line in said.splitlines()
                          if not line.startswith("readelf: Warning: "))
        # Old and new ways to say it.
        want = rf"memtel(/|, ){re.escape(version)}, " \
               rf"{re.escape(self.release)}, x86_64: installed"
        return None if re.fullmatch(want, found) else f"dkms status: {said}"

    def module(self, version):
        """modprobe would load the module of this version."""
        said = self.layer.output("modinfo", "-k", self.release, "-F", "version",
                                 "memtel").strip()
        return None if said == version else f"modinfo: version {said}"

    def _module_path(self):
        """Where the module is in the host."""
        return self.layer.output("modinfo", "-k", self.release, "-n",
                                 "memtel").strip().lstrip("/")

    def _signed(self):
        """(module, its signature), both as bytes."""
        with self.layer.whole() as root:
            return signature.split(signature.read_module(
                root / self._module_path()))

    def signs(self):
        """Whether DKMS signs of its own: from version 3 on."""
        return not self.layer.output("dpkg-query", "-W", "-f", "${Version}",
                                     "dkms").startswith("2.")

    def unsigned(self):
        """The module has no signature."""
        return None if self._signed()[1] is None else "it is signed"

    def verify(self, module, signed):
        """Say how openssl judges a module and its signature, or None."""
        work = self.share / "signature"
        work.mkdir(exist_ok=True)
        (work / "module").write_bytes(module)
        (work / "signed").write_bytes(signed)
        self.layer.output("openssl", "x509", "-inform", "DER",
                          "-in", "/var/lib/dkms/mok.pub",
                          "-out", str(work / "certificate"))
        return self.layer.complaint(*signature.verify_command(
            work / "module", work / "signed", work / "certificate"))

    def signature(self):
        """The module is signed, and DKMS's key verifies that."""
        module, signed = self._signed()
        if signed is None:
            return "the module carries no signature"
        return self.verify(module, signed)

    def tampered(self):
        """... but not of a module with one bit changed."""
        module, signed = self._signed()
        if signed is None:
            return "the module carries no signature"
        middle = len(module) // 2
        module = (module[:middle] + bytes([module[middle] ^ 1])
                  + module[middle + 1:])
        return "verified all the same" \
            if self.verify(module, signed) is None else None

    def signer(self):
        """modinfo names the key that mokutil is to enrol."""
        said = self.layer.output("modinfo", "-k", self.release, "-F", "signer",
                                 "memtel").strip()
        return None if said == "DKMS module signing key" else \
            f"signer: '{said}'"

    def left(self):
        """Nothing is there that was not, and nothing gone that was."""
        added, gone = self.layer.changes()
        # Where the chroot has what is shared with it.
        mounts = [str(path)[1:] for path in (self.share, *self.share.parents)]
        bad = [f"left: {path}" for path in added
               if path not in mounts and not LEFT.fullmatch(path)]
        bad += [f"gone: {path}" for path in gone if not LEFT.fullmatch(path)]
        return "\n".join(bad) or None


def boot(host, out, new, first):
    """Run guest.py in a VM that boots the host; its exit status."""
    debs = [new.deb(package) for package in build.BINARIES
            if package != "memtel-dkms"]
    with host.layer.whole() as root:
        return guest.boot(root, guest.Options(
            command=["/usr/bin/python3", "tests/packages/guest.py", str(first),
                     build.current_version(), new.version, *map(str, debs)],
            source=TOP, out=out, systemd=True, icount=2,
            timeout_s=1800))


def fresh(path):
    """An empty directory."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def packaging_layer(kernel, debs):
    """Where packages are made: they go to @debs."""
    return Layer(rootfs.ensure(kernel.packaging()), debs.parent / "packaging",
                 debs)


def make_packages(tap, kernel, debs):
    """Packages of this version and of one after it."""
    print(f"# packages of {kernel.suite}", flush=True)
    layer = packaging_layer(kernel, debs)
    version = build.current_version()
    old = build.Build(layer, version, debs / version)
    if not tap.check("they are made", old.make):
        return None
    for name, check in (
            ("each has what it is for", old.contents),
            ("the changelog has the source's version", old.versions),
            ("lintian has no remark", old.lintian),
            ("the library keeps its last release's ABI", old.abi)):
        tap.check(name, check)
    version = build.next_version(version)
    new = build.Build(layer, version, debs / version)
    if not tap.check("of a later version, too", new.make):
        return None
    return old, new


def write_abi(kernel, debs):
    """Make this source's ABI that of the last release."""
    made = build.Build(packaging_layer(kernel, debs), build.current_version(),
                       debs / "abi")
    said = made.make()
    if said:
        sys.exit(said)
    made.write_abi()
    return 0


def check_signature(tap, host):
    """The module is signed, where the suite's DKMS does that."""
    if not host.signs():
        tap.check("the suite's DKMS does not sign", host.unsigned)
        return
    tap.check("its signature is by DKMS's key", host.signature)
    tap.check("a changed module's is not", host.tampered)
    tap.check("modinfo tells the signer", host.signer)


def use_packages(tap, kernel, debs, old, new):
    """The life with them of a host that boots the kernel."""
    print(f"# a host with {kernel.name}", flush=True)
    out = fresh(TOP / "build" / kernel.name / "packages")
    host = Host(Layer(rootfs.ensure(kernel.host()), out / "host", debs), debs)
    host.layer.output("apt-get", "update")
    if not tap.check("apt installs them", host.install, old.debs()):
        return
    tap.check("DKMS built the module", host.dkms, old.version)
    tap.check("modprobe finds it", host.module, old.version)
    check_signature(tap, host)
    first = tap.next
    print(f"# a VM boots {host.release}", flush=True)
    status = boot(host, out / "vm", new, first)
    tap.next += guest_checks(out)
    if status:
        tap.check("the VM", lambda: f"exit {status}")
    if not tap.check("apt upgrades them", host.install, new.debs()):
        return
    tap.check("DKMS built the new module, the old is gone",
              host.dkms, new.version)
    tap.check("modprobe finds the new one", host.module, new.version)
    check_signature(tap, host)
    tap.check("apt purges them", host.purge, build.BINARIES)
    tap.check("nothing is left behind", host.left)


def guest_checks(out):
    """How many checks the guest made."""
    try:
        return int((out / "vm/checks").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def own_namespace():
    """Be in a mount namespace of our own, by running anew in one."""
    if os.environ.get(OWN_NAMESPACE):
        return
    rootfs.need_root("mounting")
    os.environ[OWN_NAMESPACE] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private",
                          sys.executable, *sys.argv])


def main():
    """Run all checks."""
    is_abi = sys.argv[1:2] == ["--abi"]
    kernels = [find_kernel(name) for name in sys.argv[1 + is_abi:]]
    if len({kernel.suite for kernel in kernels}) != 1 or \
            is_abi and len(kernels) > 1:
        sys.exit(__doc__)
    own_namespace()
    debs = fresh(TOP / "build/packages" / kernels[0].suite) / "debs"
    debs.mkdir()
    if is_abi:
        return write_abi(kernels[0], debs)
    tap = Tap()
    builds = make_packages(tap, kernels[0], debs)
    if builds:
        for kernel in kernels:
            use_packages(tap, kernel, debs, *builds)
    print(f"1..{tap.next - 1}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except VmError as error:
        sys.exit(f"run.py: {error}")
