/* SPDX-License-Identifier: GPL-2.0 */
/* Where the running kernel keeps the members of its structs, from its BTF. */
#ifndef _MEMTEL_BTF_H
#define _MEMTEL_BTF_H

#include <linux/types.h>

/**
 * struct memtel_btf_member - a member to be found
 * @type: name of the struct it is in, NULL for nothing to be found
 * @name: its name; members of anonymous structs and unions inside @type count
 * @size: bytes it must have, 0 for any (arrays, bit-fields)
 * @bit_offset: out, its offset in bits, or -1 when not found
 * @bit_size: out, its width in bits for a bit-field, else 0
 * @type_size: out, bytes of the struct it is in
 */
struct memtel_btf_member {
	const char *type;
	const char *name;
	u32 size;
	int bit_offset;
	u32 bit_size;
	u32 type_size;
};

int memtel_btf_find(struct memtel_btf_member *members, unsigned int nr);

#endif /* _MEMTEL_BTF_H */
