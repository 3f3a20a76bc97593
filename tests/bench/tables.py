# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark's figures as text."""

KINDS = {"kmalloc": "kmalloc(128)", "cache": "kmem_cache", "batch": "batch of 64",
         "page": "alloc_page"}


def lay_out(head, rows):
    """A table: the first column to the left, the others to the right."""
    cells = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(row, widths)))
        .rstrip() for row in cells) + "\n"


def ms(nanoseconds):
    """Milliseconds, or that it never was."""
    return "never" if nanoseconds is None else f"{nanoseconds / 10**6:.3f}"


def percent(ratio):
    """A loss."""
    return f"{100 * ratio:+.2f}"


def size(number):
    """Bytes."""
    for unit in ("B", "KiB", "MiB"):
        if number < 10000 or unit == "MiB":
            return f"{number:.0f} {unit}"
        number /= 1024
    return ""


def pairs(figures):
    """Instructions of a pair, and what each row adds."""
    rows, base = [], figures["rows"]["nothing"]
    spread = 0
    for label, kinds in figures["rows"].items():
        spread = max(spread, *(kinds[kind][1] for kind in KINDS))
        rows.append([label, *(
            f"{kinds[kind][0]:.1f}" if label == "nothing" else
            f"{kinds[kind][0] - base[kind][0]:+.1f}" for kind in KINDS)])
    rows += [[label, *["absent"] * len(KINDS)] for label in figures["absent"]]
    return ("Instructions of an allocation and its free, and what is added to "
            f"them (largest spread of two runs: {spread:.1f})\n\n"
            + lay_out(["", *KINDS.values()], rows)
            + "".join(f"absent: {label}: {reason}\n"
                      for label, reason in figures["absent"].items()))


def readings(figures):
    """Instructions of a reading, and how long interrupts are off."""
    usual, partial = figures["usual"], figures["partial"]
    rows = [[label, *(cell for some in (usual, partial) for cell in (
        some[label]["instructions"], some[label]["spread"],
        some[label]["interrupts_off"]))] for label in usual]
    return (f"Instructions of one reading of {figures['caches']} caches, and the "
            "most with interrupts off;\nthen the same with "
            f"{figures['partial_slabs']} partial slabs in one cache. A timer that "
            f"is due each {figures['tick']}\ninstructions tells of the latter: its "
            "own interrupt is in all, as in the last row\n\n"
            + lay_out(["", "instructions", "spread", "off", "100,000 partial",
                       "spread", "off"], rows))


def events(figures):
    """Lateness, and how many events are sustained."""
    rows = []
    for number, row in figures["late"].items():
        own, psi = row["memtel"], row["psi"]
        rows.append([number, row["stalls"], ms(row["first"]["p50"]),
                     ms(own["p50"]), ms(own["p99"]), ms(psi["p50"]),
                     ms(psi["p99"]), f"{psi['p50'] / own['p50']:.0f}"
                     if own["p50"] and psi["p50"] else "-"])
    out = ("From a threshold of 50 ms in 1 s crossed to awake, ms; the same "
           "stalls for both\n\n"
           + lay_out(["subscribers", "stalls", "first p50", "all p50",
                      "all p99", "PSI p50", "PSI p99", "PSI/memtel"], rows))
    rows = [[number, run["triggers"], ms(run["burst"]),
             f"{run['per_second']:.0f}" if run["per_second"] else "-",
             run["lost"]]
            for number, runs in figures["sustained"].items() for run in runs]
    return (out + "\nBursts of events, from the threshold crossed until each "
            "subscriber has read all\n\n"
            + lay_out(["subscribers", "events", "ms", "events/s", "lost"],
                      rows))


def caches(figures):
    """Growth with caches."""
    used = figures["memory"]
    return ("With the number of caches: instructions of a pair, one from each "
            "cache in turn; of a reading\n\n"
            + lay_out(["caches", "nothing", "memtel slab", "dump",
                       "/proc/slabinfo", "ratio"],
                      [[row["caches"], f"{row['nothing']:.1f}",
                        f"{row['slab'] - row['nothing']:+.1f}", row["dump"],
                        row["slabinfo"], f"1/{row['slabinfo'] / row['dump']:.1f}"]
                       for row in figures["rows"]])
            + f"memory with slab_slots=16384, one CPU and node: "
            f"{size(used['per_cpu'])} by CPU, {size(used['all'])} for all\n")


def sites(figures):
    """Growth with call sites and sampling."""
    numbers = list(figures["sites"][0]["added"])
    return ("With call sites, and one of how many allocations is looked at: "
            "what the site source adds to a pair\n\n"
            + lay_out(["site_sampling", *(f"{n} sites" for n in numbers)],
                      [[row["sampling"], *(f"{row['added'][n]:+.1f}"
                                           for n in numbers)]
                       for row in figures["sites"]])
            + "\nWith fallback_sampling: what the fallback source adds to "
            "alloc_page\n\n"
            + lay_out(["fallback_sampling", "alloc_page"],
                      [[row["sampling"], f"{row['added']:+.1f}"]
                       for row in figures["fallback"]]))


def nodes(figures):
    """Growth with nodes: {number: figures}."""
    return ("With nodes, on one CPU: instructions\n\n"
            + lay_out(["nodes", "kmalloc(128)", "memtel slab", "caches",
                       "/proc/slabinfo", "everything"],
                      [[n, f"{of['nothing']:.1f}",
                        f"{of['slab'] - of['nothing']:+.1f}", of["dump"],
                        of["slabinfo"], of["everything"]]
                       for n, of in figures.items()]))


def cpus(figures):
    """Growth with CPUs in parallel: {number: figures}."""
    def cell(ratio):
        return f"{ratio['min']:.2f} ({ratio['median']:.2f})"
    return ("With CPUs in parallel, by the clock: time of kmalloc(128) and kfree "
            "on all at once,\nwith memtel by without: of the shortest of each, and of "
            "the medians\n\n"
            + lay_out(["CPUs", "memtel slab", "memtel, all sources"],
                      [[n, cell(of["ratios"]["slab"]), cell(of["ratios"]["all"])]
                       for n, of in figures.items()]))


def memory(figures):
    """Memory by source: {machine: figures}."""
    machines = {label: of["memory"] for label, of in figures.items()}
    first = next(iter(machines.values()))
    return ("Memory while a source is held: by CPU, and for all\n\n"
            + lay_out(["", *(f"{of['cpus']} CPUs, {of['nodes']} nodes"
                             for of in machines.values())],
                      [[source, *(f"{size(of['sources'][source]['per_cpu'])} + "
                                  f"{size(of['sources'][source]['all'])}"
                                  for of in machines.values())]
                       for source in first["sources"]]))


def workload(figures):
    """Loss of a whole workload."""
    losses = figures["losses"]
    jobs = list(next(iter(losses.values())))
    return ("A whole workload, on one CPU: instructions added, %; median, least "
            f"and most of {figures['rounds']} rounds\n\n"
            + lay_out(["", *losses],
                      [[job, *(f"{percent(of[job]['median'])} "
                               f"({percent(of[job]['least'])} to "
                               f"{percent(of[job]['most'])})"
                               for of in losses.values())] for job in jobs])
            + "".join(f"absent: {label}: {reason}\n"
                      for label, reason in figures["absent"].items()))


def numbered(figures, prefix):
    """{number: figures} of the parts called so."""
    return {name.removeprefix(prefix): of for name, of in figures.items()
            if name.startswith(prefix)}


def growth(figures):
    """All tables of growth that there are."""
    out = [function(figures[name]) for name, function in (
        ("caches", caches), ("sites", sites)) if name in figures]
    many_nodes, many_cpus = (numbered(figures, prefix)
                             for prefix in ("nodes-", "cpus-"))
    if many_nodes:
        out.append(nodes(many_nodes))
    if many_cpus:
        out.append(cpus(many_cpus))
    if many_nodes or many_cpus:
        out.append(memory({**many_nodes, **{
            f"{n} CPUs": of for n, of in many_cpus.items() if n == "8"}}))
    return "\n".join(out)


def longest(figures, *keys):
    """The most of what was measured of some kinds."""
    return max((figures[key] for key in keys if key in figures), default=None)


def instructions(number):
    """A number of them that can be read."""
    return "-" if number is None else f"{number:,.0f}"


def held(figures, lock):
    """For how long a lock was held at most."""
    return max((figures[key][lock] for key in ("holds", "holds_dump")
                if lock in figures.get(key, {})), default=None)


# What is measured on hosts of several sizes.
SCALE = (
    ("one dump of caches with counts", lambda of: of.get("dump")),
    ("one read of /proc/slabinfo", lambda of: of.get("slabinfo")),
    ("a look at the triggers, mean", lambda of: look(of, "mean")),
    ("a look at the triggers, most", lambda of: look(of, "most")),
    ("memtel's works in a second, idle", lambda of: of.get("idle")),
    ("attach of all sources", lambda of: sum(of["attach"].values())
     if "attach" in of else None),
    ("reset", lambda of: of.get("reset")),
    ("trigger-add, mean", lambda of: of.get("add", {}).get("mean")),
    ("trigger-add, most", lambda of: of.get("add", {}).get("most")),
    ("memory of all sources, KiB", lambda of: of["memory"] / 1024
     if "memory" in of else None),
    ("without rescheduling, alone", lambda of: of.get("task_alone")),
    ("without rescheduling, memtel's works", lambda of: of.get("task")),
    ("without rescheduling, dump and reset",
     lambda of: longest(of, "task_dump", "task_reset")),
    ("interrupts off, alone", lambda of: of.get("interrupts_alone")),
    ("interrupts off, memtel's works", lambda of: of.get("interrupts")),
    ("interrupts off, dump and reset",
     lambda of: longest(of, "interrupts_dump", "interrupts_reset")),
    ("memtel_source_lock held", lambda of: held(of, "memtel_source_lock")),
    ("memtel_trigger_lock held", lambda of: held(of, "memtel_trigger_lock")),
    ("slab_mutex held", lambda of: held(of, "slab_mutex")),
    ("kmem_cache_create, alone", lambda of: of.get("create_alone")),
    ("kmem_cache_create, memtel at work", lambda of: of.get("create")),
)
FAR_CPUS = 512


def look(figures, what):
    """Of the work that looks at triggers."""
    return max((of[what] for name, of in figures.get("works", {}).items()
                if "look" in name), default=None)


def far(near, farther, get):
    """As many as there would be with 512 CPUs: two hosts differ in CPUs alone."""
    first, second = get(near), get(farther)
    if first is None or second is None:
        return None
    by_cpu = (second - first) / (farther["cpus"] - near["cpus"])
    return second + by_cpu * (FAR_CPUS - farther["cpus"])


def scale(figures):
    """Figures by the size of the host."""
    hosts = list(numbered(figures, "scale-").values())
    if not hosts:
        return ""
    what = ("cpus", "nodes", "caches", "cgroups", "triggers")
    rows = [[name, *(str(of[name]) for of in hosts)] for name in what]
    rows += [[name, *(instructions(get(of)) for of in hosts)]
             for name, get in SCALE]
    head = ["", *("host" for _ in hosts)]
    last = hosts[-2:]
    if len(last) == 2 and all(last[0][key] == last[1][key]
                              for key in what[1:]):
        head.append("extrapolated")
        for row, name in zip(rows, what):
            row.append(str(FAR_CPUS if name == "cpus" else last[1][name]))
        for row, (_, get) in zip(rows[len(what):], SCALE):
            row.append(instructions(far(*last, get)))
    return ("With the size of the host, one CPU online of the possible ones: "
            "instructions, and the most of stretches\n\n"
            + lay_out(head, rows))


def summary(figures):
    """The heads of the tables."""
    out = []
    if "pairs" in figures:
        rows = figures["pairs"]["rows"]
        base = rows["nothing"]
        out.append(lay_out(
            ["", "kmalloc+kfree", "alloc_page+free"],
            [["nothing", *(f"{base[kind][0]:.0f}"
                           for kind in ("kmalloc", "page"))],
             *([label, *(f"{kinds[kind][0] - base[kind][0]:+.0f}"
                         for kind in ("kmalloc", "page"))]
               for label, kinds in rows.items()
               if not label.startswith("nothing"))]))
    if "readings" in figures:
        usual, partial = (figures["readings"][key]
                          for key in ("usual", "partial"))
        out.append(lay_out(
            ["one reading", "instructions", "100,000 partial slabs",
             "interrupts off then"],
            [[label, row["instructions"], partial[label]["instructions"],
              partial[label]["interrupts_off"]]
             for label, row in usual.items()]))
    if "events" in figures:
        late = figures["events"]["late"]["1"]
        out.append("50 ms of stalls in 1 s to a subscriber awake: p50 "
                   f"{ms(late['memtel']['p50'])} ms, p99 "
                   f"{ms(late['memtel']['p99'])} ms; PSI: "
                   f"{ms(late['psi']['p50'])}, {ms(late['psi']['p99'])}\n")
    if "workload" in figures:
        losses = figures["workload"]["losses"]
        out.append("tar, gcc and stress-ng together: " + "; ".join(
            f"{label} {percent(of['all']['median'])} %"
            for label, of in losses.items()) + "\n")
    return "\n".join(out)


# What stands alone, by the name that documents have it by.
WHOLE = {
    "pairs": lambda figures: pairs(figures["pairs"]),
    "readings": lambda figures: readings(figures["readings"]),
    "events": lambda figures: events(figures["events"]),
    "growth": growth,
    "workload": lambda figures: workload(figures["workload"]),
    "scale": scale,
}
# Those of several parts.
OF_PARTS = ("growth", "scale")


def text(figures, name=None):
    """All that there is, or what a document has by a name."""
    good = {part: of for part, of in figures.items() if "failed" not in of}
    if name == "summary":
        return summary(good)
    out = [function(good) for key, function in WHOLE.items()
           if name in (None, key) and (key in good or key in OF_PARTS)]
    out += [f"{part}: {of['failed']}\n" for part, of in figures.items()
            if "failed" in of and not name]
    return "\n".join(out)
