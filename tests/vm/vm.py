#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Build and test memtel with a given kernel, in a chroot and in a VM.

  vm.py kernels                                what can be named below
  vm.py deps                                   install what the host lacks
  vm.py rootfs [KERNEL]                        make the root filesystem
  vm.py build-env [KERNEL] -- COMMAND...       run COMMAND in it, on the host
  vm.py boot [KERNEL] [OPTION...] -- SCRIPT... run SCRIPT in it, in a VM

boot exits with SCRIPT's status, or with
    3  SCRIPT passed, but the kernel complained
  124  time ran out
  125  the guest died
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import guest
import rootfs
from kernels import KERNELS, KEYRING, VmError, find_kernel, find_tree

SOURCE = Path(__file__).resolve().parents[2]

# A program or file that the host must have, and the package it comes in.
HOST_NEEDS = {
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "zstd": "zstd",
    KEYRING: "debian-archive-keyring",
}


def cmd_kernels(_args: argparse.Namespace) -> int:
    """List the rows of the table."""
    for kernel in KERNELS:
        print(f"{kernel.name:<10} {kernel.suite:<10} {kernel.image}")
    return 0


def cmd_deps(_args: argparse.Namespace) -> int:
    """Install what is missing, and only that."""
    missing = sorted({package for need, package in HOST_NEEDS.items()
                      if not (shutil.which(need) or Path(need).exists())})
    if not missing:
        return 0
    rootfs.need_root(f"installing {' '.join(missing)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-q", "update"],
                    ["apt-get", "-q", "-y", "--no-install-recommends",
                     "install", *missing]):
        if subprocess.run(command, env=environment).returncode:
            raise VmError(f"'{' '.join(command)}' failed")
    return 0


def cmd_rootfs(args: argparse.Namespace) -> int:
    """Make the root filesystem if need be; its path is the last line."""
    print(rootfs.ensure(find_tree(args.kernel), args.rebuild))
    return 0


def cmd_build_env(args: argparse.Namespace) -> int:
    """Run a command in the root filesystem, on the host's kernel."""
    if not args.command:
        raise VmError("build-env: no command after '--'")
    rootfs.need_root("build-env")
    rootfs.exec_chroot(find_tree(args.kernel), SOURCE, args.command)
    return 0


def default_out(kernel: str) -> Path:
    """A fresh directory for a run's files."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return SOURCE / "build/vm" / f"{kernel}-{stamp}-{os.getpid()}"


def cmd_boot(args: argparse.Namespace) -> int:
    """Run a command in a VM."""
    if not args.command and not args.interactive:
        raise VmError("boot: no script after '--'")
    kernel = find_kernel(args.kernel)
    timeout_s = args.timeout
    if timeout_s is None and not args.interactive:
        timeout_s = guest.Options.timeout_s
    return guest.boot(rootfs.ensure(kernel), guest.Options(
        command=args.command,
        source=SOURCE,
        out=(args.out or default_out(kernel.name)).resolve(),
        mem_mib=args.mem_mib,
        cpus=args.cpus,
        possible_cpus=args.possible_cpus,
        nodes=args.nodes,
        bare_node=args.bare_node,
        hot_mib=args.hot_mib,
        icount=args.icount,
        cpu=args.cpu,
        append=[*kernel.append, *args.append],
        env=args.env,
        allow=args.allow,
        timeout_s=timeout_s,
        interactive=args.interactive,
        steal=args.steal))


def positive(text: str) -> int:
    """argparse type: a count of something there must be."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def add_boot_options(parser: argparse.ArgumentParser) -> None:
    """What boot takes beyond the name of a kernel."""
    option = parser.add_argument
    defaults = guest.Options
    option("--mem-mib", type=positive, default=defaults.mem_mib, metavar="N",
           help="memory, shared evenly by the nodes (default %(default)s)")
    option("--cpus", type=positive, default=defaults.cpus, metavar="N",
           help="CPUs (default %(default)s)")
    option("--nodes", type=positive, default=defaults.nodes, metavar="N",
           help="NUMA nodes (default %(default)s)")
    option("--possible-cpus", type=positive, metavar="N",
           help="CPUs that are there or may come (default: those there)")
    option("--bare-node", action="store_true",
           help="a further node with CPUs and no memory")
    option("--hot-mib", type=positive, default=defaults.hot_mib, metavar="N",
           help="memory of a further node without CPUs, which comes and goes"
                " with it: the guest takes it in and gives it back")
    option("--icount", type=int, metavar="SHIFT",
           help="the guest's time is instructions executed, 2^SHIFT ns each,"
                " whatever else the host does; CPUs take turns, and time in"
                " which all of them sleep takes none here (default: the"
                " host's time, CPUs in parallel)")
    option("--cpu", default=defaults.cpu, metavar="MODEL",
           help="QEMU's CPU model (default %(default)s: with the hypervisor"
                " bit set the kernel's spinlocks hide their tracepoints)")
    option("--append", action="append", default=[], metavar="ARG",
           help="kernel argument; may be repeated")
    option("--env", action="append", default=[], metavar="NAME=VALUE",
           help="environment of the script; may be repeated")
    option("--allow", action="append", default=[], metavar="REGEX",
           help="log line that is no complaint, nor the call trace under it;"
                " may be repeated")
    option("--timeout", type=positive, metavar="SECONDS",
           help="kill the VM then (default 600; none with --interactive)")
    option("--steal", action="store_true",
           help="take the CPUs away for moments, for as many percent of the"
                " time as the script writes to $MEMTEL_OUT/steal")
    option("--out", type=Path, metavar="DIR",
           help="shared with the guest as /out (default below build/vm/)")
    option("--interactive", action="store_true",
           help="give the script this terminal, then a shell")


def make_parser() -> argparse.ArgumentParser:
    """The command line up to '--'."""
    parser = argparse.ArgumentParser(
        prog="vm.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, function, takes_kernel in (
            ("kernels", cmd_kernels, False), ("deps", cmd_deps, False),
            ("rootfs", cmd_rootfs, True), ("build-env", cmd_build_env, True),
            ("boot", cmd_boot, True)):
        verb = verbs.add_parser(name, help=function.__doc__,
                                description=function.__doc__)
        verb.set_defaults(function=function)
        if takes_kernel:
            verb.add_argument("kernel", nargs="?", metavar="KERNEL",
                              help=f"default {KERNELS[0].name}")
        if name == "rootfs":
            verb.add_argument("--rebuild", action="store_true",
                              help="take the suite's updates")
        if name == "boot":
            add_boot_options(verb)
    return parser


def main(argv: list[str]) -> int:
    """Split at '--': what follows is the user's, not ours to parse."""
    split = argv.index("--") if "--" in argv else len(argv)
    args = make_parser().parse_args(argv[:split])
    args.command = argv[split + 1:]
    # So that cleaning up happens on SIGTERM, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return args.function(args)
    except VmError as error:
        print(f"vm.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
