#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make-kernel.sh version|build PACKAGE - a kernel of our own configuration
#
# Runs in a root filesystem that has the tools for it; the source is that of
# Debian's PACKAGE, whose version goes to the file "version". To build it takes
# the file "config", which goes on top of tinyconfig, and leaves in out/ what
# Debian's packages of a kernel and of its headers would bring: the image, the
# modules, and what builds other modules.
set -eu

what=$1 package=$2
here=$PWD

# Lines of the file "config" that did not make it into the configuration, as what
# they depend on is not there.
refused() {
	grep CONFIG_ "$here/config" | while read -r line; do
		option=${line#\# }
		case $line in
		\#*) ! grep -q "^${option%% *}=" .config || echo "$line" ;;
		*) grep -qxF "$line" .config || echo "$line" ;;
		esac
	done
}

get_source() {
	apt-get -q -o APT::Sandbox::User=root download "$package"
	mkdir -p linux
	dpkg-deb --fsys-tarfile "$package"_*.deb |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C linux --strip-components=1
}

configure() {
	make -s tinyconfig >/dev/null
	scripts/kconfig/merge_config.sh -m .config "$here/config" >/dev/null
	make -s olddefconfig
	lacking=$(refused)
	if [ -n "$lacking" ]; then
		printf 'The kernel refuses:\n%s\n' "$lacking"
		exit 1
	fi
}

# As the headers packages do: what modules are built with, and no more.
install_headers() { # DIRECTORY
	mkdir -p "$1"
	find . \( -path ./Documentation -o -path ./tools -o -path ./arch \) \
		-prune -o -type f \
		\( -name '*.h' -o -path './scripts/*' -o -name 'Makefile*' \) \
		-print >"$here/files"
	find arch/x86 -type f \( -name '*.h' -o -name 'Makefile*' \) \
		>>"$here/files"
	printf '%s\n' .config Kbuild Module.symvers include/config \
		tools/bpf/resolve_btfids/resolve_btfids >>"$here/files"
	[ ! -e tools/objtool/objtool ] ||
		echo tools/objtool/objtool >>"$here/files"
	tar -cf - --exclude '*.o' --exclude '*.cmd' -T "$here/files" |
		tar -xf - -C "$1"
}

install_kernel() {
	release=$(make -s kernelrelease)
	make -s INSTALL_MOD_PATH="$here/out/usr" INSTALL_MOD_STRIP=1 \
		modules_install
	mkdir -p "$here/out/boot"
	strip -o "$here/out/boot/vmlinux-$release" vmlinux
	install_headers "$here/out/usr/src/linux-$release"
	modules=$here/out/usr/lib/modules/$release
	rm -f "$modules/source" "$modules/build"
	ln -s "/usr/src/linux-$release" "$modules/build"
}

apt-get -q -o APT::Sandbox::User=root update
apt-cache show --no-all-versions "$package" |
	sed -n 's/^Version: //p' >version
[ "$what" = build ] || exit 0
export KBUILD_BUILD_USER=memtel KBUILD_BUILD_HOST=memtel
get_source
cd linux
configure
# The sanitizers watch modules, not the kernel itself, and only where memtel looks
# for types is there debug information to make BTF of. That halves the time which
# it takes, and the kernel runs twice as fast. What the kernel does to memtel's
# memory it sees by SLUB's red zones and poison.
make -s -j"$(nproc)" KASAN_SANITIZE=n UBSAN_SANITIZE=n KCSAN_SANITIZE=n \
	debug-flags-y= CFLAGS_slub.o="-g -gdwarf-4" vmlinux modules
install_kernel
