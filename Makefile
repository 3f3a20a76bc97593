# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make run           build all, boot a VM, load the module, put load on it
#                      and show what it sees; HOST=1 does it on this host
#   make check         the first kernel's tests, and of the others the core;
#                      ends with "N passed, N failed"
#   make check KERNEL=7.3    every test for that one
#   make check-all     every test for every kernel, on every shape of host that
#                      tests/vm/shapes.py has
#   make bench         what memtel costs, beside what people use today; with
#                      BENCHFLAGS="pairs workload" only parts of it, see
#                      tests/bench/run.py, and as JSON with --json
#   make               build the module and userspace here, for this kernel
#   make install       install userspace and the module here
#   make check-gen     see that what memtel.yaml generates is what is committed
#   make gen           generate it anew
#
# KERNEL=6.1 names a row of tests/vm/kernels.py. run, check and bench build in
# that row's root filesystem, which they make on first use (MEMTEL_CACHE, or
# /var/cache/memtel), and need root.

# What check is asked for; without a kernel it looks at each, as above.
CHECK  := $(KERNEL)
KERNEL ?= 6.1
BUILD  ?= $(CURDIR)/build/host
KVER   ?= $(shell uname -r)
KDIR   ?= /lib/modules/$(KVER)/build

VM     := /usr/bin/python3 tests/vm/vm.py
ENV_BUILD  := $(CURDIR)/build/$(KERNEL)
LINUX  := /usr/src/memtel-linux

MAKEFLAGS += --no-print-directory

.PHONY: all module userspace tests-modules install run check check-all bench clean \
	gen check-gen env deps in-env-all

all: module userspace

# Kbuild writes where the sources are: give it a copy.
define build-module
	@mkdir -p $(BUILD)/$(1)
	@cp -ru $(2)/. $(BUILD)/$(1)/ && cp -u VERSION $(BUILD)/
	$(MAKE) -C $(KDIR) M=$(BUILD)/$(1) modules
endef

module:
	$(call build-module,kmod,kmod)

tests-modules:
	$(call build-module,oracle,tests/oracle)
	$(call build-module,bench,tests/bench)
	$(call build-module,kunit,tests/kunit)

userspace:
	$(MAKE) -C userspace O=$(BUILD)/userspace all

install: all
	$(MAKE) -C userspace O=$(BUILD)/userspace install
	$(MAKE) -C $(KDIR) M=$(BUILD)/kmod modules_install
	depmod $(KVER)

$(BUILD)/bench/dump: tests/bench/dump.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Werror -Ikmod/include/uapi -o $@ $< \
		$(shell pkg-config --cflags --libs libnl-genl-3.0)

$(BUILD)/bench/wake: tests/bench/wake.c userspace
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Werror -Ikmod/include/uapi \
		-Iuserspace/lib/include -I$(BUILD)/userspace/include \
		-o $@ $< -L$(BUILD)/userspace -lmemtel

$(BUILD)/fuzz/family: tests/fuzz/family.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Werror -o $@ $<

# What a VM needs, built in the root filesystem of its kernel.
in-env-all: all tests-modules $(BUILD)/bench/dump $(BUILD)/bench/wake \
		$(BUILD)/fuzz/family
	@mkdir -p $(BUILD)/kselftest
	$(MAKE) -C tests/kselftest OUTPUT=$(BUILD)/kselftest \
		USERCFLAGS=-Werror all
	$(MAKE) -C tests/unit O=$(BUILD)/unit \
		USERSPACE=$(BUILD)/userspace all

deps:
	@command -v python3 >/dev/null || { apt-get update && \
		apt-get install -y --no-install-recommends python3; }
	@$(VM) deps

env: deps
	$(VM) rootfs $(KERNEL)
	$(VM) build-env $(KERNEL) -- $(MAKE) BUILD=$(ENV_BUILD) in-env-all

ifeq ($(HOST),1)
run:
	tests/demo/run-host
else
run: env
	tests/demo/run-vm $(KERNEL)
endif

check: deps
	/usr/bin/python3 tests/check.py $(CHECK)

check-all: deps
	/usr/bin/python3 tests/check.py all

# In a root filesystem that has what memtel is measured beside, too.
bench:
	@$(MAKE) KERNEL=$(KERNEL)-bench env
	/usr/bin/python3 tests/bench/run.py $(KERNEL)-bench $(BENCHFLAGS)

gen:
	/usr/bin/python3 tests/gen.py $(LINUX)

check-gen:
	/usr/bin/python3 tests/gen.py --check $(LINUX)

clean:
	rm -rf build
