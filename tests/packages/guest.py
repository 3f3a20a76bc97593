#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Use the installed packages on a host that runs, in a VM; TAP on stdout.

  guest.py FIRST OLD NEW DEB...

FIRST is the number of the first check, OLD the version installed, DEB... are
packages of the version NEW, all but the module's.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tap import Tap, complaint, output

UNIT = "memteld.service"
CONF = Path("/etc/memtel/memteld.conf")
# A rule that holds on any host.
ALERT = "PackagesTest"
RULES = f"""
rules:
  - alert: {ALERT}
    expr: memtel_node_free_bytes > 0
    annotations:
      summary: "a test of packages"
"""
PACKAGES = ("memtel", "memtel-dkms", "libmemtel1", "libmemtel-dev")
# What memtel, installed or running, has on a host.
PATHS = ("/etc/memtel", "/run/memtel", "/usr/bin/memtel", "/usr/sbin/memteld",
         "/usr/share/memtel", "/var/lib/memtel", "/var/log/memtel",
         "/var/lib/dkms/memtel", "/sys/module/memtel")
# What there is elsewhere need not be read: that takes minutes here.
APT = ("apt-get", "-y", "-o", "Dir::State::Lists=/run/no-lists")
# An emulated host takes its time.
WAIT_S = 120


def wait_for(condition):
    """Wait until a condition holds; returns whether it does."""
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def show(prop):
    """A property of the unit."""
    return output("systemctl", "show", "--value", "-p", prop, UNIT).strip()


def journal(*terms):
    """The unit's entries of this boot, as objects."""
    said = output("journalctl", "-b", "-o", "json", "--all", "-u", UNIT, *terms)
    return [json.loads(line) for line in said.splitlines()
            if line.startswith("{")]


def notices(pid):
    """What one memteld told the journal of the rule."""
    return journal(f"_PID={pid}", f"MEMTEL_NAME={ALERT}")


def unit_complaint():
    """The unit's state and last words, for a check that failed."""
    return subprocess.run(
        ["systemctl", "status", "--no-pager", "-l", "-n", "30", UNIT],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False).stdout


def active():
    """memteld runs."""
    if not wait_for(lambda: show("ActiveState") == "active"):
        return unit_complaint()
    return None


def host_is_up():
    """No unit of the host has failed."""
    said = subprocess.run(["systemctl", "is-system-running", "--wait"],
                          stdout=subprocess.PIPE, text=True,
                          check=False).stdout.strip()
    return None if said == "running" else \
        f"{said}\n" + output("systemctl", "list-units", "--failed")


def runs_from_boot():
    """memteld was started at boot, as a package's service is, and its unit has
    loaded the module."""
    return active() or (None if Path("/sys/module/memtel").exists()
                        else "the module is not loaded")


def nobody_loads():
    """Asking for the family loads nothing: only root, and the unit, do."""
    said = (complaint("systemctl", "stop", UNIT)
            or complaint("modprobe", "-r", "memtel"))
    if said:
        return said
    asked = subprocess.run(["memtel", "status"], capture_output=True,
                           text=True, check=False)
    if asked.returncode != 3 or "modprobe memtel" not in asked.stderr:
        return f"exit {asked.returncode}: {asked.stderr}"
    aliases = [line for line in output("modinfo", "-F", "alias", "memtel")
               .splitlines() if "net-pf" in line]
    if aliases or Path("/sys/module/memtel").exists():
        return f"it is loaded, by {aliases}"
    return None


def modprobe():
    """modprobe loads the module."""
    said = complaint("modprobe", "memtel")
    if said:
        return said
    return None if Path("/sys/module/memtel").exists() else "it is not loaded"


def start():
    """systemctl start memteld."""
    return complaint("systemctl", "start", UNIT) or active()


def status(version):
    """memtel status tells the kernel, the version, and that memteld holds."""
    def read():
        return json.loads(output("memtel", "status", "--json"))

    wait_for(lambda: any(h["comm"] == "memteld" for h in read()["hold"]))
    got = read()
    wrong = [f"{key}: {got[key]!r}" for key, value in (
        ("version", version), ("kernel", os.uname().release))
        if got[key] != value]
    if not any(hold["comm"] == "memteld" for hold in got["hold"]):
        wrong.append(f"hold: {got['hold']}")
    return "\n".join(wrong) or None


def exposure():
    """What systemd-analyze says of the unit: the README states it."""
    said = output("systemd-analyze", "security", "--no-pager", UNIT)
    found = re.search(r"Overall exposure level for \S+: (\d+\.\d)", said)
    return None if found and float(found[1]) < 2 else said[-300:]


def reload():
    """systemctl reload memteld, with a rule more in the configuration."""
    pid = show("MainPID")
    CONF.write_text(CONF.read_text() + RULES)
    said = complaint("systemctl", "reload", UNIT) or active()
    if said:
        return said
    return None if show("MainPID") == pid else "it is another process"


def told():
    """The rule's alert is in the journal, with its fields."""
    pid = show("MainPID")
    if not wait_for(lambda: notices(pid)):
        return unit_complaint()
    entry = notices(pid)[0]
    return None if entry.get("MEMTEL_KIND") == "firing" and \
        entry.get("MESSAGE_ID") and json.loads(entry["MEMTEL_JSON"]) else \
        str(entry)


def upgrade(debs, new):
    """apt upgrades the tool and the daemon, which is started anew."""
    pid = show("MainPID")
    said = complaint(*APT, "install", *debs) or active()
    if said:
        return said
    if show("MainPID") == pid:
        return "memteld was not started anew"
    version = output(f"/proc/{show('MainPID')}/exe", "--version").strip()
    return None if version == f"memteld {new}" else f"runs: {version}"


def kept():
    """The configuration is as it was changed, and the rule goes on firing.

    memteld does not tell again what fired before it was started anew.
    """
    if not CONF.read_text().endswith(RULES):
        return f"{CONF} lost its change"
    if not wait_for(lambda: re.search(r"\b[1-9]\d* alerts firing",
                                      show("StatusText"))):
        return unit_complaint()
    return None


def purge():
    """apt purges all.

    depmod, which DKMS runs, would read the kernel's own modules for minutes,
    longer still where they are packed: they are out of its sight.
    """
    own = Path("/lib/modules", os.uname().release, "kernel")
    return (complaint("mount", "-t", "tmpfs", "tmpfs", own)
            or complaint(*APT, "purge", *PACKAGES))


def left():
    """Neither files nor a process nor a unit nor the module is left."""
    output("systemctl", "daemon-reload")
    wrong = [path for path in PATHS if os.path.lexists(path)]
    wrong += [str(p) for p in Path("/lib/modules").glob("*/updates/**/memtel*")]
    wrong += [str(p) for p in Path("/etc/systemd").glob(f"**/{UNIT}")]
    wrong += [str(p) for p in Path("/usr/src").glob("memtel*")]
    if show("LoadState") != "not-found" or show("ActiveState") != "inactive":
        wrong.append(unit_complaint())
    if subprocess.run(["pidof", "memteld"], check=False,
                      stdout=subprocess.DEVNULL).returncode == 0:
        wrong.append("memteld runs")
    return "\n".join(wrong) or None


def main():
    """Run all checks, in the order of a host's life."""
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    first, old, new, *debs = sys.argv[1:]
    tap = Tap(int(first))
    for name, check in (
            ("the host comes up", host_is_up),
            ("memteld was started at boot", runs_from_boot),
            ("nobody loads it by asking", nobody_loads),
            ("modprobe memtel", modprobe),
            ("systemctl start memteld", start),
            ("memtel status is right", lambda: status(old)),
            ("the unit's exposure is below 2.0", exposure),
            ("systemctl reload memteld", reload),
            ("a notice is in the journal", told),
            ("an upgrade starts memteld anew", lambda: upgrade(debs, new)),
            ("the changed configuration is in force", kept),
            ("memtel status is still right", lambda: status(old)),
            ("apt purges all of a running host", purge),
            ("nothing of it is left there", left)):
        tap.check(name, check)
    Path(os.environ["MEMTEL_OUT"], "checks").write_text(
        str(tap.next - int(first)))
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
