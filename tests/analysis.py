#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What tools find in our code, and in its running: analysis.py BUILD [NAME...]

TAP on stdout; without names all. Runs in the tree of tools (vm.py build-env
analysis). What is built lies below BUILD.
"""

import re
import subprocess
import sys
from pathlib import Path

from tap import report

TOP = Path(__file__).resolve().parents[1]
COCCINELLE = Path("/usr/src/memtel-linux/scripts/coccinelle")
# Fewer scripts of the kernel's would mean that they were not found.
SCRIPTS_MIN = 40
FOLDERS = ("lib", "common", "cli", "daemon")
INCLUDES = ("-Ilib", "-Ilib/include", "-Icommon", "-Icli", "-Idaemon")
DEFINES = ("-D_GNU_SOURCE", '-DMEMTEL_VERSION="x"', '-DMEMTEL_DATADIR="x"')
# Lines of userspace that the unit tests run, at least, %; the others need a module.
COVERED_MIN = 75


def command(*args, cwd=TOP):
    """Run a tool; (exit status, what it said)."""
    done = subprocess.run(args, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False,
                          errors="replace", cwd=cwd)
    return done.returncode, done.stdout


def unit_tests(build, cc, flags, *more):
    """The unit tests, userspace built anew for them; None or what failed."""
    # A library of sanitized code takes the runtime from the program.
    status, said = command(
        "make", "-s", "-C", "tests/unit", f"O={build}/unit",
        f"USERSPACE={build}/userspace", f"CC={cc}", f"CFLAGS={flags}",
        f"LDFLAGS={flags} -Wl,-z,undefs", *more, "check")
    bad = [line for line in said.splitlines()
           if re.match(r"not ok|# FAILED|.*(Sanitizer|runtime error|==\d+==)",
                       line)]
    return "\n".join(bad) or (said[-4000:] if status else None)


def cppcheck(build):
    """cppcheck on userspace."""
    command("make", "-s", "-C", "userspace", f"O={build}/plain",
            f"{build}/plain/include/memtel/uapi.h")
    status, said = command(
        "cppcheck", "-q", "--enable=warning,performance,portability",
        "--std=c11", "--error-exitcode=1", *DEFINES,
        "--suppressions-list=../tests/cppcheck.suppressions",
        f"-I{build}/plain/include", *INCLUDES, *FOLDERS, cwd=TOP / "userspace")
    return said or "it failed" if status else None


def coccicheck(_build):
    """The kernel's own semantic patches on the module."""
    bad, nr = [], 0
    for script in sorted(COCCINELLE.rglob("*.cocci")):
        if "virtual report" not in script.read_text():
            continue
        status, said = command(
            "timeout", "120", "spatch", "--very-quiet", "-D", "report",
            "--no-includes", "--cocci-file", str(script), "--dir", "kmod")
        # Some need OCaml, or a tree of the kernel's.
        if status:
            print(f"# coccicheck: {script.stem} does not run here")
            continue
        nr += 1
        bad += [line for line in said.splitlines() if line.startswith("kmod/")]
    if nr < SCRIPTS_MIN:
        bad.append(f"only {nr} scripts ran")
    return "\n".join(bad) or None


def addresses(build):
    """Unit tests with clang's address and undefined sanitizers."""
    return unit_tests(f"{build}/address", "clang",
                      "-O1 -g -fsanitize=address,undefined "
                      "-fno-sanitize-recover=all -fno-omit-frame-pointer")


def threads(build):
    """Unit tests with clang's thread sanitizer."""
    # It wants memory where it has always been.
    return unit_tests(f"{build}/thread", "clang", "-O1 -g -fsanitize=thread",
                      "PYTHON=setarch -R /usr/bin/python3", "RUN=setarch -R")


def memory(build):
    """Unit tests in C under valgrind."""
    return unit_tests(f"{build}/memory", "gcc", "-O1 -g", "PY_TESTS=",
                      "RUN=valgrind -q --error-exitcode=99 --leak-check=full")


def coverage(build):
    """Lines of userspace that the unit tests run; which functions they do not."""
    where = f"{build}/coverage"
    said = unit_tests(where, "gcc", "-O0 -g --coverage")
    if said:
        return said
    status, said = command(
        "lcov", "-q", "-c", "-d", f"{where}/userspace", "-o", f"{where}/all",
        "--no-external", "-b", str(TOP / "userspace"))
    if not status:
        status, said = command("lcov", "--list", f"{where}/all")
    if status:
        return said
    print("\n".join(f"# {line}" for line in said.splitlines()))
    lines, idle, source = [], [], ""
    for line in Path(where, "all").read_text().splitlines():
        kind, _, value = line.partition(":")
        if kind == "SF":
            source = value.removeprefix(f"{TOP}/userspace/")
        elif kind == "DA":
            lines.append(int(value.split(",")[1]))
        elif kind == "FNDA" and value.startswith("0,"):
            idle.append(f"{source}:{value[2:]}")
    print("\n".join(f"# never called: {name}" for name in idle))
    run = sum(map(bool, lines))
    print(f"# {run} of {len(lines)} lines")
    return (None if lines and run * 100 >= len(lines) * COVERED_MIN
            else "too few lines are run")


ALL = {function.__name__: function for function in
       (cppcheck, coccicheck, addresses, threads, memory, coverage)}


def main():
    """Those named, or all."""
    build, names = sys.argv[1], sys.argv[2:] or list(ALL)
    return report("analysis", [ALL[name] for name in names], build)


if __name__ == "__main__":
    sys.exit(main())
