# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may know whom: the order of rooms, in the kernel module and in userspace.

A room is a folder. A file may use files of its own room, and of the rooms that
the table names behind its room; all else is an arrow against the order. What
stands in no room of the table is not judged.
"""

import graphlib
import os
import re

# main.c of the module is above all rooms, compat/ and generated/ are beside them.
# Triggers have sources by the tables that these register.
KMOD = {
    "family": ("trigger", "slab", "reclaim", "page", "core", "lib"),
    "trigger": ("core", "lib"),
    "slab": ("core", "kernel", "lib"),
    "reclaim": ("core", "kernel", "lib"),
    "page": ("core", "kernel", "lib"),
    "core": ("kernel", "lib"),
    "kernel": ("lib",),
    "lib": (),
}
USERSPACE = {
    "cli": ("common", "lib"),
    "daemon": ("common", "lib"),
    "common": ("lib",),
    "lib": (),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)


def room_of(name, rooms):
    """The room that a file stands in, or None."""
    first = name.split("/")[0]
    return first if first in rooms else None


def includes(files, paths=()):
    """{file: files of ours that it includes}, of {file: text}: found beside the
    file, at the top, or in one of the paths."""
    found = {}
    for name, text in files.items():
        places = (os.path.dirname(name), "", *paths)
        found[name] = {
            target for given in INCLUDE.findall(text)
            for target in [next((path for path in (
                os.path.normpath(os.path.join(place, given))
                for place in places) if path in files), None)]
            if target}
    return found


def references(symbols):
    """{object: objects whose symbols it uses}, of what "nm -A -P" prints."""
    defined, used = {}, {}
    for line in symbols.splitlines():
        where, name, kind = line.split()[:3]
        where = where.rstrip(":")
        used.setdefault(where, set())
        if kind == "U":
            used[where].add(name)
        elif kind.isupper():
            defined[name] = where
    return {where: {defined[name] for name in names if name in defined}
            - {where} for where, names in used.items()}


def against(edges, rooms):
    """A line for each edge from a room to one that it may not know."""
    said = []
    for source in sorted(edges):
        for target in sorted(edges[source]):
            of, to = room_of(source, rooms), room_of(target, rooms)
            if of and to and of != to and to not in rooms[of]:
                said.append(f"{source} uses {target}: "
                            f"{of} may not know {to}")
    return said


def cycle(edges):
    """A line of files that use each other in a circle, or nothing."""
    try:
        tuple(graphlib.TopologicalSorter(edges).static_order())
    except graphlib.CycleError as error:
        return ["in a circle: " + " uses ".join(reversed(error.args[1]))]
    return []


def versions(files):
    """A line for each file outside compat/ that asks for the kernel's version."""
    return [f"{name} has LINUX_VERSION_CODE, which is for compat/ alone"
            for name, text in sorted(files.items())
            if not name.startswith("compat/") and "LINUX_VERSION_CODE" in text]


def of_kmod(files):
    """All that the module's {file: text} has against the order."""
    return against(includes(files), KMOD) + versions(files)


def of_userspace(files, symbols):
    """The same of userspace, and of what "nm -A -P" prints of its objects."""
    included = includes(files, ("lib/include", "common"))
    used = references(symbols)
    return (against(included, USERSPACE) + cycle(included)
            + against(used, USERSPACE) + cycle(used))
