#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# PID 1 of the guest after initramfs-init.sh, which mounted everything: runs one
# job and powers off. Or it has systemd as PID 1, and is a service of that's, as
# soon as the host is up. /out/job (written by guest.py) sets the job's environment
# and, as positional parameters, its command. What comes of it goes to files in
# /out, out of band: verdict (exit status, written last), dmesg, tainted.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Whatever a job left behind. Kernel threads do not mind.
kill_others() { # [PID to spare]
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		if [ "$pid" != 1 ] && [ "$pid" != "${1:-1}" ]; then
			kill -9 "$pid" 2>/dev/null
		fi
	done
}

# Its output is a journal's: the job's own goes another way.
become_systemd() {
	units=/run/systemd/system
	mkdir -p "$units/multi-user.target.wants"
	cat >"$units/memtel-job.service" <<-END
		[Unit]
		Description=The job of the VM
		[Service]
		ExecStart=/run/guest-init
	END
	ln -s ../memtel-job.service "$units/multi-user.target.wants"
	exec /sbin/init
}

# The shell around the job turns death by a signal into 128 + signal.
run_batch() { # COMMAND...
	mkfifo /run/output
	# Through a pipe, as a port can be opened but once: /dev/stderr would fail.
	cat /run/output >/dev/vport0p1 &
	output=$!
	setsid -w sh -c '"$@"; exit $?' sh "$@" </dev/null >/run/output 2>&1
	status=$?
	# Leftovers would hold the pipe open; they also must not outlive dmesg.
	# With systemd there is a host around the job, which is not left over.
	[ "$VM_SYSTEMD" = 1 ] || kill_others "$output"
	wait
}

# One session for the job and the shell after it: the end of a session hangs its
# terminal up. The trap lets ctrl-C end the job alone.
run_interactive() { # [COMMAND...]
	exec </dev/hvc0 >/dev/hvc0 2>&1
	stty sane rows "$VM_ROWS" cols "$VM_COLS"
	# shellcheck disable=SC2016 # for the inner shell to expand
	setsid -c -w sh -c 'trap : INT
		"$@"
		status=$?
		echo "$status" >/run/status
		[ $# -eq 0 ] || echo "[exit status $status]"
		echo "[the end of this shell powers off]"
		exec bash' sh "$@"
	status=$(cat /run/status)
	kill_others
}

# Where the kernel can tell: a line of dmesg, and a file with all. Nothing that is
# younger than five seconds is looked at.
look_for_leaks() {
	leaks=/sys/kernel/debug/kmemleak
	[ -e $leaks ] || return
	sleep 6
	echo scan >$leaks
	echo scan >$leaks
	cat $leaks >/out/kmemleak
}

# shellcheck source=/dev/null
. /out/job
if [ "$VM_SYSTEMD" = 1 ] && [ $$ = 1 ]; then
	become_systemd
fi
cd "$MEMTEL_SRC" || exit # the end of PID 1 ends the VM

if [ "$VM_INTERACTIVE" = 1 ]; then
	run_interactive "$@"
else
	run_batch "$@"
fi

look_for_leaks
dmesg >/out/dmesg
cat /proc/sys/kernel/tainted >/out/tainted
echo "$status" >/out/verdict
busybox poweroff -f
