#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a whole workload loses, by memtel and by bpftrace, in one boot.

The work is the kernel's for the most part: two trees copied by tar at once and
removed, some files compiled at once, and what stress-ng does of forks, dentries
and pairs of sockets at once. A round does it with each in turn, and without
anything before and after; a loss is against the mean of these two. What is measured
is the CPU time of the work's processes, as their cgroup has it: under icount on one
CPU these are instructions. Time in which they wait for a file from the host does not
count, nor what others do meanwhile.
"""

import contextlib
import os
import statistics
import subprocess
import sys

from common import (BUILD, CGROUP, enabled, insmod, load, must, read, save, say,
                    slab_events, watched)
from peers import Absent, BpftraceCount

SRC = os.environ["MEMTEL_SRC"]
PLACE = "/work-load"
GROUP = f"{CGROUP}/work-load"
FILES = 300
COMPILED = ("cgroup.c", "error.c", "rate.c")


def work(*command):
    """Run a command of the work, which is not to look for its libraries where
    memtel's is: that is the host's, and nearer while memtel itself runs."""
    must("sh", "-c", f"echo $$ > {GROUP}/cgroup.procs && "
         'unset LD_LIBRARY_PATH && exec "$@"', "sh", *command)


def copy_trees():
    """Two at once, by tar through a pipe, then removed."""
    work("sh", "-ec", f"""
        cd {PLACE}
        for i in 1 2; do
            mkdir copy$i
            tar cf - -C tree . | tar xf - -C copy$i &
        done
        wait
        rm -rf copy1 copy2""")


def compile_files():
    """As make -j2 would."""
    work("sh", "-ec", f"""
        cd {PLACE}/lib
        printf '%s\\n' {' '.join(COMPILED)} | xargs -P 2 -I @ gcc -O1 \
            -D_GNU_SOURCE -I. -Iinclude -I../include -I/usr/include/libnl3 \
            -c @ -o @.o""")


def stress():
    """So many operations of three stressors."""
    work("stress-ng", "--fork", "1", "--fork-ops", "60",
         "--dentry", "1", "--dentry-ops", "2000", "--dentries", "200",
         "--sockpair", "1", "--sockpair-ops", "60",
         "--quiet", "--temp-path", PLACE)


JOBS = {"tar": copy_trees, "gcc": compile_files, "stress-ng": stress}


def busy_us():
    """CPU time of what ran in the work's cgroup."""
    return int(read(f"{GROUP}/cpu.stat").split()[1])


def round_of_jobs():
    """CPU time of each job, us."""
    out = {}
    for name, job in JOBS.items():
        start = busy_us()
        job()
        out[name] = busy_us() - start
    return out


@contextlib.contextmanager
def counting(context):
    """memtel, and seen to count what goes by."""
    with context:
        before = slab_events()
        yield
        if slab_events() - before < 10000:
            raise SystemExit("memtel did not count the workload")


STATES = {
    "memtel slab and reclaim": lambda: counting(enabled("slab", "reclaim")),
    "memtel, all sources, triggers armed": lambda: counting(watched()),
    BpftraceCount.name: lambda: BpftraceCount().attached(lambda: 10000),
}


def prepare():
    """A tree of small files, in memory; modules."""
    os.makedirs(PLACE, exist_ok=True)
    os.makedirs(GROUP, exist_ok=True)
    must("mount", "-t", "tmpfs", "tmpfs", PLACE)
    must("sh", "-ec", f"""
        mkdir {PLACE}/tree && cd /usr/include
        find linux -type f | LC_ALL=C sort | head -{FILES} |
            tar cf - -T - | tar xf - -C {PLACE}/tree
        # All that is worked on is in memory: reading it takes no waiting.
        cp -r {SRC}/userspace/lib {BUILD}/userspace/include {PLACE}
        cp -r {SRC}/kmod/include/uapi/linux {PLACE}/include""")
    load()
    insmod(f"{BUILD}/oracle/memtel_oracle.ko")


def main():
    """Measure and save."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    prepare()
    absent = {}
    losses = {state: {job: [] for job in (*JOBS, "all")} for state in STATES}
    nothing = [round_of_jobs() for _ in range(2)]
    for number in range(rounds):
        for state, context in STATES.items():
            if state in absent:
                continue
            say("workload:", number + 1, state)
            try:
                with context():
                    done = round_of_jobs()
            except Absent as reason:
                absent[state] = str(reason)
                continue
            nothing.append(round_of_jobs())
            for job, each in losses[state].items():
                around = sum(total(times, job) for times in nothing[-2:]) / 2
                each.append(total(done, job) / around - 1)
    save("workload", {
        "nothing": nothing, "rounds": rounds, "absent": absent,
        "losses": {state: {job: {"median": statistics.median(each),
                                 "least": min(each), "most": max(each)}
                           for job, each in jobs.items()}
                   for state, jobs in losses.items() if state not in absent}})


def total(times, job):
    """A job's time, or all jobs'."""
    return sum(times.values()) if job == "all" else times[job]


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error}: {error.stderr}") from error
