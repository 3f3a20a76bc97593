# SPDX-License-Identifier: GPL-2.0-or-later
"""The shapes of host memtel is tested on: one row each.

What a host is like decides what memtel's tables must hold, and what its own
work takes: how many nodes and CPUs there are and may come, how many caches,
cgroups and triggers.  A row says how the VM is booted, and what its host has
before the tests begin (tests/kselftest/shape.py makes that).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from kernels import VmError

# Files of tests/kselftest, each with a pattern of its tests' names, if any.
CORE = ("test_shapes.py",)
FAULTS = "test_faults.py"
# Of each kind of cause, what needs no certain host.
SOME_FAULTS = f"{FAULTS}:leak_from|shrinker"


@dataclass(frozen=True)
class Shape:
    """One row of the table.

    @name: what MEMTEL_SHAPE calls it
    @what: in words
    @cpus, @possible_cpus, @nodes, @bare_node, @hot_mib, @mem_mib: as vm.py has
        them
    @append: kernel arguments
    @caches: so many more than the host has
    @cgroups: so many with a memory controller
    @triggers: so many, which are never raised
    @reclaimers: so many tasks that are in reclaim
    @lru_gen: the multi-generational LRU is on
    @tests: what is run there
    @is_usual: it is part of make check; the others of make check-all alone
    @timeout_s: of the VM
    """

    name: str
    what: str
    cpus: int = 2
    possible_cpus: int | None = None
    nodes: int = 2
    bare_node: bool = False
    hot_mib: int = 0
    mem_mib: int = 2048
    append: tuple[str, ...] = ()
    caches: int = 0
    cgroups: int = 0
    triggers: int = 0
    reclaimers: int = 0
    lru_gen: bool = False
    tests: tuple[str, ...] = (*CORE, FAULTS)
    is_usual: bool = False
    timeout_s: int = 3600

    def boot_options(self) -> tuple[str, ...]:
        """The options of vm.py that differ from its own."""
        options = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in VM_OPTIONS or value == field.default:
                continue
            options.append(f"--{field.name.replace('_', '-')}")
            if value is not True:
                options.append(str(value))
        for argument in self.append:
            options += ["--append", argument]
        return (*options, "--env", f"MEMTEL_SHAPE={self.name}")


# What is an option of vm.py's by the same name.
VM_OPTIONS = ("cpus", "possible_cpus", "nodes", "bare_node", "hot_mib",
              "mem_mib")
# Faked ones share the CPUs of the one there is.
FAKE_8 = ("numa=fake=8",)

# The hot node's memory is taken in by a test.
HOT = ("memhp_default_state=offline",)

SHAPES = (
    Shape("one", "one node with one CPU", cpus=1, nodes=1, is_usual=True,
          tests=(*CORE, SOME_FAULTS)),
    Shape("two-by-four", "two nodes, four CPUs", cpus=4, is_usual=True),
    Shape("large", "eight nodes and CPUs, 240 possible, 4,500 caches, none "
          "merged", cpus=8, nodes=1, possible_cpus=240, mem_mib=4096,
          append=(*FAKE_8, "slab_nomerge"), caches=4500, is_usual=True,
          tests=(*CORE, SOME_FAULTS)),
    Shape("bare", "a node without memory, the multi-generational LRU", cpus=3,
          bare_node=True, lru_gen=True, is_usual=True, tests=CORE),
    Shape("hot", "a node that comes and goes", hot_mib=512, append=HOT,
          is_usual=True, tests=CORE),
    Shape("one-faults", "one node with one CPU: all faults", cpus=1, nodes=1,
          tests=(FAULTS,)),
    Shape("bare-faults", "a node without memory: all faults", cpus=3,
          bare_node=True, tests=(FAULTS,)),
    Shape("hot-faults", "a node that has come: all faults", hot_mib=512,
          append=HOT, tests=(f"{CORE[0]}:comes", FAULTS)),
    Shape("fake", "eight nodes, eight CPUs", cpus=8, nodes=1, append=FAKE_8),
    Shape("possible", "240 possible CPUs", possible_cpus=240, mem_mib=4096),
    Shape("caches", "4,500 caches more", caches=4500, mem_mib=4096),
    Shape("cgroups", "5,000 cgroups", cgroups=5000, mem_mib=4096),
    Shape("triggers", "1,024 triggers", triggers=1024),
    # Where so many are in reclaim no other fault is the first to be told.
    Shape("reclaimers", "16,384 tasks in reclaim", reclaimers=16384,
          mem_mib=4096, tests=CORE),
    Shape("no-cpus", "a node without CPUs", cpus=1),
    Shape("nomerge", "no cache is merged", append=("slab_nomerge",)),
    Shape("lru-gen", "the multi-generational LRU", lru_gen=True),
)


def find_shape(name: str) -> Shape:
    """The row called @name."""
    for shape in SHAPES:
        if shape.name == name:
            return shape
    raise VmError(f"no shape '{name}': known are "
                  + ", ".join(shape.name for shape in SHAPES))
