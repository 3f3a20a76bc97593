#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be checked without running anything; TAP on stdout.

Runs in a kernel's root filesystem: static.py LINUX BUILD
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from arrows import USERSPACE, of_kmod, of_userspace, room_of
from tap import report

TOP = Path(__file__).resolve().parents[1]

# checkpatch's remarks that do not fit a module outside the kernel's tree.
IGNORE = ",".join((
    "FILE_PATH_CHANGES", "SPDX_LICENSE_TAG", "LINUX_VERSION_CODE",
    "CONSTANT_COMPARISON", "PREFER_KERNEL_TYPES", "MACRO_ARG_REUSE",
    "LONG_LINE_STRING", "EMBEDDED_FUNCTION_NAME"))


def sources(*patterns, under=("",)):
    """Files of the project below some folders whose name matches."""
    found = []
    for folder in under:
        for path in sorted((TOP / folder).rglob("*")):
            name = path.relative_to(TOP)
            if (path.is_file() and name.parts[0] not in ("build", ".git")
                    and any(path.match(p) for p in patterns)):
                found.append(str(name))
    return found


def command(*args):
    """Run a checker; what it says when it does not pass, or None."""
    done = subprocess.run(args, cwd=TOP, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return None if done.returncode == 0 else done.stdout


def checkpatch(linux, _build):
    """checkpatch.pl --strict on all kernel code."""
    files = [f for f in sources("*.[ch]", under=("kmod", "tests/oracle",
                                            "tests/kunit"))
             if "/generated/" not in f and "/uapi/" not in f]
    files += sources("memtel_*.c", under=("tests/bench",))
    return command("perl", f"{linux}/scripts/checkpatch.pl", "--no-tree",
                   "--strict", "--terse", "--no-summary", "--ignore", IGNORE,
                   "-f", *files)


def sparse(_linux, build):
    """sparse on the module; it must have nothing to say."""
    kdir = f"/lib/modules/{os.environ['KVER']}/build"
    done = subprocess.run(["make", "-C", kdir, f"M={build}/kmod", "C=2",
                           "modules"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    said = [line for line in done.stdout.splitlines()
            if re.search(r"kmod/\S+:\d+:\d+: (warning|error)", line)]
    if done.returncode:
        return done.stdout
    if "CHECK" not in done.stdout:
        return "sparse did not run:\n" + done.stdout
    return "\n".join(said) or None


def shellcheck(_linux, _build):
    """shellcheck on every shell script."""
    files = [f for f in sources("*") if re.match(
        rb"#!/bin/(ba|busybox )?sh", (TOP / f).read_bytes())]
    return command("shellcheck", *files, "userspace/completions/memtel")


def codespell(_linux, _build):
    """Spelling, but for a cache that the kernel calls so."""
    return command("codespell", "-L", "filp", *sources(
        "*.[ch]", "*.md", "*.py", "*.yaml", "*.scd"))


def generated(linux, _build):
    """What memtel.yaml generates is what is committed."""
    return command("/usr/bin/python3", "tests/gen.py", "--check", linux)


def texts(folder):
    """{file: text} of the code in a folder."""
    return {str(Path(f).relative_to(folder)): (TOP / f).read_text()
            for f in sources("*.[ch]", under=(folder,))}


def rooms(_linux, build):
    """No arrow of a room against the order, no circle of objects."""
    code = texts("userspace")
    objects = [name[:-1] + "o" for name in code if name.endswith(".c")
               and room_of(name, USERSPACE) and "/examples/" not in name]
    symbols = subprocess.run(["nm", "-A", "-P", *objects], check=True,
                             cwd=f"{build}/userspace", text=True,
                             stdout=subprocess.PIPE).stdout
    return "\n".join(of_kmod(texts("kmod"))
                     + of_userspace(code, symbols)) or None


def licences(_linux, _build):
    """Every source says its licence."""
    bad = [f for f in sources("*.[ch]", "*.py", "*.sh", "*.yaml", "Makefile",
                              "Kbuild", "*.map", "*.scd")
           if "SPDX-License-Identifier" not in (TOP / f).read_text()[:300]]
    return "\n".join(bad) or None


def man_pages(_linux, build):
    """man has no remark on a page of ours."""
    pages = sorted(Path(build, "userspace/man").glob("*.[0-9]"))
    if not pages:
        return "no man pages were built"
    for page in pages:
        done = subprocess.run(
            ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "MANWIDTH": "80"}, check=False)
        if done.returncode or done.stderr:
            return f"{page.name}: {done.stderr}"
    return None


def readme_program(_linux, _build):
    """The program in the README is the one that is built and run."""
    blocks = re.findall(r"```c\n(.*?)```", (TOP / "README.md").read_text(),
                        re.S)
    source = (TOP / "userspace/lib/examples/hottest.c").read_text()
    if not blocks or not all(block.strip() in source for block in blocks):
        return "README.md's C program is not in hottest.c as it stands there"
    lines = [line for line in blocks[0].splitlines()
             if line.strip() and not line.startswith("#include")]
    return None if len(lines) <= 30 else f"{len(lines)} lines are too many"


def installed_program(_linux, build):
    """It builds against what `make install` installs, by pkg-config."""
    with tempfile.TemporaryDirectory() as root:
        said = command("make", "-C", "userspace", f"O={build}/userspace",
                       f"DESTDIR={root}", "PREFIX=/usr", "install")
        if said:
            return said
        for name in ("usr/bin/memtel", "usr/sbin/memteld",
                     "etc/memtel/memteld.conf", "usr/share/memtel/rules.yaml",
                     "usr/lib/systemd/system/memteld.service",
                     "usr/share/man/man1/memtel.1",
                     "usr/share/man/man3/libmemtel.3",
                     "usr/share/man/man8/memteld.8",
                     "usr/share/bash-completion/completions/memtel"):
            if not Path(root, name).exists():
                return f"{name} is not installed"
        shutil.copy(TOP / "userspace/lib/examples/hottest.c", root)
        return command("env", f"PKG_CONFIG_SYSROOT_DIR={root}",
                       f"PKG_CONFIG_PATH={root}/usr/lib/pkgconfig",
                       "sh", "-c", f"cd {root} && cc -Wall -Werror hottest.c "
                       "$(pkg-config --cflags --libs libmemtel)")


def kselftest(linux, _build):
    """The tests in C build in a kernel tree that they are copied into."""
    tests = "tools/testing/selftests"
    with tempfile.TemporaryDirectory() as tree:
        shutil.copytree(f"{linux}/{tests}", f"{tree}/{tests}")
        shutil.copytree(TOP / "tests/kselftest", f"{tree}/{tests}/memtel")
        shutil.copytree(TOP / "kmod/include/uapi", f"{tree}/usr/include")
        return command("env", "-u", "MEMTEL_SRC", "make", "-C",
                       f"{tree}/{tests}/memtel",
                       f"OUTPUT={tree}/{tests}/memtel", "all")


CHECKS = (checkpatch, sparse, shellcheck, codespell, generated, rooms,
          licences, man_pages, readme_program, installed_program, kselftest)


if __name__ == "__main__":
    sys.exit(report("static", CHECKS, *sys.argv[1:]))
