# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot a root filesystem in QEMU, run one command there, judge the run.

The verdict is out of band: the guest writes it to a file in the shared output
directory.  Console text decides nothing but is searched for complaints.  A
guest that did not write its verdict has died.
"""

from __future__ import annotations

import lzma
import os
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path

import scan
from kernels import QEMU, VmError
from rootfs import ensure, kernel_image, kernel_release
from steal import Stealer

HERE = Path(__file__).resolve().parent

# What stands between the kernel and the 9p shares.
MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay")

KERNEL_ARGS = (
    "console=ttyS0",
    "loglevel=7",           # WARNs and what led to them reach the console log
    "log_buf_len=4M",       # ... and dmesg still has the first at the end
    "panic=-1",             # with -no-reboot: a panic ends the VM
    "oops=panic",           # a task that died with a lock held only hangs tests
    "watchdog_thresh=60",   # emulated CPUs are slow, not stuck
    "rcupdate.rcu_cpu_stall_timeout=120",
    # QEMU translates code for each address it runs at, and keeps that with its
    # page until the page is overwritten. Where libraries are at another address
    # in each process, theirs have so much of it after some thousand processes
    # that one store to them takes milliseconds, once they are reclaimed.
    "norandmaps",
)

EXIT_COMPLAINT = 3
EXIT_TIMEOUT = 124
EXIT_DIED = 125
TAIL_LINES = 60
QEMU_EXIT_S = 30


@dataclass
class Options:
    """How to boot; the fields are those of the command line."""

    command: list[str]
    source: Path
    out: Path
    mem_mib: int = 2048
    cpus: int = 2
    # Beyond @cpus, those that may come; none of them does.
    possible_cpus: int | None = None
    nodes: int = 2
    # A further node, with CPUs and no memory.
    bare_node: bool = False
    # Memory of a further node without CPUs, which comes and goes.
    hot_mib: int = 0
    icount: int | None = None
    # Without erms and fsrm the kernel stores words instead of bytes. Each of
    # them is emulated, and counted by icount as what it does.
    cpu: str = "max,hypervisor=off,erms=off,fsrm=off"
    append: list[str] = field(default_factory=list)
    env: list[str] = field(default_factory=list)
    allow: list[str] = field(default_factory=list)
    timeout_s: float | None = 600
    interactive: bool = False
    systemd: bool = False
    steal: bool = False


def module_closure(root: Path, release: str) -> list[Path]:
    """Files of MODULES and of all they depend on, in insmod order."""
    base = root / "lib/modules" / release
    needs: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for line in (base / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
        names[Path(path).name.split(".")[0].replace("-", "_")] = path
    built_in = (base / "modules.builtin").read_text()
    order: dict[str, None] = {}
    for name in MODULES:
        if name in names:
            path = names[name]
            # modules.dep lists a module's needs last first.
            order.update(dict.fromkeys([*reversed(needs[path]), path]))
        elif f"/{name}.ko" not in built_in:
            raise VmError(f"{release}: no module {name}")
    return [base / path for path in order]


def cpio_entry(name: str, mode: int, data: bytes = b"") -> bytes:
    """One member of a newc archive (initramfs-buffer-format.rst)."""
    path = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08x" % value for value in fields) + path
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def make_initrd(root: Path, release: str) -> bytes:
    """The initramfs: busybox, the modules and the two init scripts.

    It is made for each boot: that takes milliseconds, and nothing can be
    out of date.
    """
    entries = [cpio_entry(d, 0o040755) for d in ("bin", "modules")]
    busybox = (root / "bin/busybox").read_bytes()
    entries.append(cpio_entry("bin/busybox", 0o100755, busybox))
    order = ""
    for path in module_closure(root, release):
        data, name = path.read_bytes(), path.name
        if path.suffix == ".xz":
            data, name = lzma.decompress(data), path.stem
        entries.append(cpio_entry(f"modules/{name}", 0o100644, data))
        order += f"{name}\n"
    entries.append(cpio_entry("modules/order", 0o100644, order.encode()))
    for name, script in (("init", "initramfs-init.sh"),
                         ("guest-init", "guest-init.sh")):
        data = (HERE / script).read_bytes()
        entries.append(cpio_entry(name, 0o100755, data))
    entries.append(cpio_entry("TRAILER!!!", 0))
    return b"".join(entries)


def job_text(options: Options) -> str:
    """Shell text that tells guest-init.sh what to run."""
    size = shutil.get_terminal_size()
    variables = {
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "TERM": os.environ.get("TERM", "dumb") if options.interactive
                else "dumb",
        "MEMTEL_OUT": "/out",
        "MEMTEL_SRC": str(options.source),
        "VM_INTERACTIVE": str(int(options.interactive)),
        "VM_SYSTEMD": str(int(options.systemd)),
        "VM_ROWS": str(size.lines),
        "VM_COLS": str(size.columns),
    }
    for setting in options.env:
        key, equals, value = setting.partition("=")
        if not (equals and key.isidentifier()):
            raise VmError(f"--env takes NAME=VALUE, not '{setting}'")
        variables[key] = value
    lines = [f"export {k}={shlex.quote(v)}" for k, v in variables.items()]
    return "\n".join([*lines, f"set -- {shlex.join(options.command)}", ""])


def numa_args(options: Options) -> list[str]:
    """One socket and one equal share of memory per node.

    Nodes that split a socket make the kernel warn about its topology.  A node
    beyond the number of CPUs has memory only.  CPUs that may come are further
    sockets, of the first node.
    """
    with_memory = options.nodes
    nodes = with_memory + options.bare_node
    sockets = min(nodes, options.cpus)
    if options.cpus % sockets:
        raise VmError(f"{options.cpus} CPUs do not fit {sockets} nodes evenly")
    if options.bare_node and sockets < nodes:
        raise VmError("no CPU is left for the node without memory")
    cores = options.cpus // sockets
    possible = options.possible_cpus or options.cpus
    if possible < options.cpus or possible % cores:
        raise VmError(f"{possible} possible CPUs for {options.cpus}")
    memory = f"{options.mem_mib}M"
    if options.hot_mib:
        memory += f",slots=1,maxmem={options.mem_mib + options.hot_mib}M"
    args = ["-m", memory, "-smp",
            f"{options.cpus},maxcpus={possible},sockets={possible // cores},"
            f"cores={cores},threads=1"]
    for node in range(nodes):
        # The last node takes what does not divide.
        size = options.mem_mib // with_memory
        if node == with_memory - 1:
            size = options.mem_mib - size * node
        node_arg = f"node,nodeid={node}"
        if node < with_memory:
            args += ["-object",
                     f"memory-backend-ram,id=mem{node},size={size}M"]
            node_arg += f",memdev=mem{node}"
        if node < sockets:
            node_arg += f",cpus={node * cores}-{(node + 1) * cores - 1}"
        if node == 0 and possible > options.cpus:
            node_arg += f",cpus={options.cpus}-{possible - 1}"
        args += ["-numa", node_arg]
    if options.hot_mib:
        args += ["-numa", f"node,nodeid={nodes}", "-object",
                 f"memory-backend-ram,id=hot,size={options.hot_mib}M",
                 "-device", f"pc-dimm,id=dimm,memdev=hot,node={nodes}"]
    return args


def accel_args(options: Options) -> list[str]:
    """Emulate, unless the host has hardware virtualization of its own.

    A /dev/kvm without kvm_intel or kvm_amd behind it is somebody's
    paravirtual one, which does not run a stock kernel.
    """
    if options.icount is not None:
        return ["-accel", "tcg,thread=single",
                "-icount", f"shift={options.icount},sleep=off"]
    hardware = any(Path("/sys/module", name).exists()
                   for name in ("kvm_intel", "kvm_amd"))
    if hardware and os.access("/dev/kvm", os.R_OK | os.W_OK):
        return ["-accel", "kvm"]
    return ["-accel", "tcg,thread=multi"]


def share_args(tag: str, path: Path, read_only: bool) -> list[str]:
    """A host directory as a 9p share called @tag."""
    escaped = str(path).replace(",", ",,")
    flag = ",readonly=on" if read_only else ""
    return ["-fsdev", f"local,id={tag},path={escaped},security_model=none,"
                      f"multidevs=remap{flag}",
            "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def qemu_program() -> list[str]:
    """QEMU of its tree, run from here: with its own loader and libraries."""
    tree = ensure(QEMU)
    libraries = tree / "usr/lib/x86_64-linux-gnu"
    return [str(libraries / "ld-linux-x86-64.so.2"),
            "--library-path", str(libraries),
            str(tree / "usr/bin/qemu-system-x86_64"),
            "-L", str(tree / "usr/share/qemu"),
            "-L", str(tree / "usr/share/seabios")]


def qemu_command(options: Options, root: Path, initrd: Path) -> list[str]:
    """The whole command line.

    Through setpriv, so that QEMU dies with whoever started it.
    """
    kernel = kernel_image(root)
    console = str(options.out / "console.log").replace(",", ",,")
    # Not stdio for a batch: the end of its input would close the port.
    job, port = "file,id=job,path=/dev/stdout", "virtserialport,nr=1"
    if options.interactive:
        job, port = "stdio,id=job,signal=off", "virtconsole"
    return [
        "setpriv", "--pdeathsig", "KILL",
        *qemu_program(), "-nodefaults", "-no-user-config", "-no-reboot",
        "-display", "none", "-machine", "q35,usb=off", "-cpu", options.cpu,
        *accel_args(options), *numa_args(options),
        "-kernel", str(kernel), "-initrd", str(initrd),
        "-append", " ".join([*KERNEL_ARGS, *options.append]),
        "-chardev", f"file,id=console,path={console}",
        "-serial", "chardev:console",
        "-chardev", job,
        "-device", "virtio-serial-pci", "-device", f"{port},chardev=job",
        *share_args("root", root, True),
        *share_args("source", options.source, True),
        *share_args("out", options.out, False),
    ]


def run_interactive(command: list[str], log: Path) -> bool:
    """Give the terminal to QEMU; take it back as it was."""
    saved = termios.tcgetattr(0) if os.isatty(0) else None
    try:
        with log.open("wb") as errors:
            subprocess.run(command, stderr=errors)
    finally:
        if saved:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)
    return True


def run_batch(command: list[str], log: Path, timeout_s: float | None,
              steal_path: Path | None = None) -> bool:
    """Copy the job's output to ours as it comes; false when time ran out.

    QEMU gets a pipe and not our stdout: it would make that non-blocking, for
    everybody who shares it.
    """
    deadline = time.monotonic() + timeout_s if timeout_s else None
    with log.open("wb") as errors, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=errors) as qemu:
        assert qemu.stdout is not None
        stealer = None
        if steal_path:
            stealer = Stealer(qemu.pid, steal_path)
            stealer.start()
        try:
            while True:
                left = deadline and max(0.0, deadline - time.monotonic())
                if not select.select([qemu.stdout], [], [], left)[0]:
                    return False
                data = os.read(qemu.stdout.fileno(), 65536)
                if not data:
                    # The guest powered off: QEMU is on its way out.
                    qemu.wait(QEMU_EXIT_S)
                    return True
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
        finally:
            if stealer:
                stealer.stop()
            qemu.kill()


def complain(*lines: str) -> None:
    """Say something about the run, apart from the job's own output."""
    for line in lines:
        print(f"vm: {line}", file=sys.stderr)


def read_text(path: Path) -> str:
    """Content of @path, which a guest may have left out or half written."""
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""


def judge(options: Options, in_time: bool) -> int:
    """Exit status of a finished run, from what it left in the output
    directory."""
    console = read_text(options.out / "console.log")
    verdict = read_text(options.out / "verdict").strip()
    findings = scan.merge(
        scan.scan_log(console, options.allow),
        scan.scan_log(read_text(options.out / "dmesg"), options.allow),
        scan.scan_taint(int(read_text(options.out / "tainted") or 0)))
    if not verdict.isdigit():
        complain("--- end of the console log ---",
                 *console.splitlines()[-TAIL_LINES:], "---",
                 *read_text(options.out / "qemu.log").splitlines())
    if findings:
        complain("the kernel complained:", *findings)
    if not in_time:
        complain(f"no end after {options.timeout_s:g} s: killed")
        return EXIT_TIMEOUT
    if not verdict.isdigit():
        complain("guest died: it left no verdict")
        return EXIT_DIED
    if findings and verdict == "0":
        return EXIT_COMPLAINT
    return int(verdict)


def boot(root: Path, options: Options) -> int:
    """Boot @root, run the command, return the exit status for our caller."""
    options.out.mkdir(parents=True, exist_ok=True)
    for name in ("verdict", "dmesg", "tainted", "console.log", "steal"):
        (options.out / name).unlink(missing_ok=True)
    (options.out / "job").write_text(job_text(options))
    log = options.out / "qemu.log"
    with tempfile.NamedTemporaryFile(prefix="memtel-initrd-") as initrd:
        initrd.write(make_initrd(root, kernel_release(root)))
        initrd.flush()
        command = qemu_command(options, root, Path(initrd.name))
        if options.interactive:
            in_time = run_interactive(command, log)
        else:
            in_time = run_batch(command, log, options.timeout_s,
                                options.out / "steal" if options.steal
                                else None)
    return judge(options, in_time)
