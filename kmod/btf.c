// SPDX-License-Identifier: GPL-2.0
/*
 * Find struct members in the kernel's own type information.
 *
 * SLUB's structures are private and differ between kernels, but every kernel
 * memtel supports describes them in /sys/kernel/btf/vmlinux. It is read once,
 * at load, and freed before load ends. Nothing in it is trusted further than
 * its bounds: a file that is cut or unknown in kind is refused, and the caller
 * then goes without.
 */
#include <linux/btf.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "btf.h"

#define BTF_PATH	"/sys/kernel/btf/vmlinux"
/* Debian's are 5 to 8 MB. */
#define BTF_MAX_BYTES	(64UL << 20)
/* Anonymous structs and unions nest two or three deep in practice. */
#define BTF_MAX_DEPTH	8

struct btf_file {
	void *data;
	const void *types;
	u32 types_len;
	const char *strings;
	u32 strings_len;
	u32 *offsets;		/* of type id i, in types; 0 is void */
	u32 nr_types;
};

static ssize_t btf_load(void **data)
{
	struct file *file;
	ssize_t len, done;
	loff_t pos = 0;

	file = filp_open(BTF_PATH, O_RDONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);

	len = i_size_read(file_inode(file));
	if (len < (ssize_t)sizeof(struct btf_header) || len > BTF_MAX_BYTES) {
		len = -EFBIG;
		goto out_close;
	}
	*data = vmalloc(len);
	if (!*data) {
		len = -ENOMEM;
		goto out_close;
	}
	while (pos < len) {
		done = kernel_read(file, *data + pos, len - pos, &pos);
		if (done <= 0) {
			vfree(*data);
			len = done ?: -EIO;
			break;
		}
	}
out_close:
	filp_close(file, NULL);
	return len;
}

/* Bytes of what follows a struct btf_type, or -1 for a kind not known. */
static int btf_tail_len(const struct btf_type *t)
{
	u32 vlen = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
		return sizeof(u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return vlen * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return vlen * sizeof(struct btf_param);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DATASEC:
		return vlen * sizeof(struct btf_var_secinfo);
	case 17: /* BTF_KIND_DECL_TAG, an s32; not in every header */
		return sizeof(s32);
	case 19: /* BTF_KIND_ENUM64; not in every header */
		return vlen * 3 * sizeof(u32);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case 16: /* BTF_KIND_FLOAT; not in every header */
	case 18: /* BTF_KIND_TYPE_TAG; not in every header */
		return 0;
	default:
		return -1;
	}
}

static const struct btf_type *btf_type(const struct btf_file *btf, u32 id)
{
	if (!id || id > btf->nr_types)
		return NULL;
	return btf->types + btf->offsets[id];
}

static const char *btf_string(const struct btf_file *btf, u32 offset)
{
	return offset < btf->strings_len ? btf->strings + offset : "";
}

/* Count the types; with offsets, also note where each one starts. */
static int btf_walk(struct btf_file *btf)
{
	u32 pos = 0, id = 0;

	while (pos < btf->types_len) {
		const struct btf_type *t = btf->types + pos;
		int tail;

		if (btf->types_len - pos < sizeof(*t))
			return -EINVAL;
		tail = btf_tail_len(t);
		if (tail < 0 || btf->types_len - pos - sizeof(*t) < tail)
			return -EINVAL;
		id++;
		if (btf->offsets)
			btf->offsets[id] = pos;
		pos += sizeof(*t) + tail;
	}
	btf->nr_types = id;
	return 0;
}

static int btf_open(struct btf_file *btf)
{
	const struct btf_header *hdr;
	ssize_t len;
	u64 end;
	int err;

	len = btf_load(&btf->data);
	if (len < 0)
		return len;

	err = -EINVAL;
	hdr = btf->data;
	end = (u64)hdr->hdr_len + hdr->type_off + hdr->type_len;
	if (hdr->magic != BTF_MAGIC || hdr->type_off % 4 || end > len)
		goto err_free;
	btf->types = btf->data + hdr->hdr_len + hdr->type_off;
	btf->types_len = hdr->type_len;

	end = (u64)hdr->hdr_len + hdr->str_off + hdr->str_len;
	if (!hdr->str_len || end > len)
		goto err_free;
	btf->strings = btf->data + hdr->hdr_len + hdr->str_off;
	btf->strings_len = hdr->str_len;
	if (btf->strings[btf->strings_len - 1])
		goto err_free;

	err = btf_walk(btf);
	if (err)
		goto err_free;
	err = -ENOMEM;
	btf->offsets = vmalloc(array_size(btf->nr_types + 1, sizeof(u32)));
	if (!btf->offsets)
		goto err_free;
	return btf_walk(btf);

err_free:
	vfree(btf->data);
	return err;
}

static void btf_close(struct btf_file *btf)
{
	vfree(btf->offsets);
	vfree(btf->data);
}

/* The type behind typedefs and qualifiers. */
static const struct btf_type *btf_resolve(const struct btf_file *btf, u32 id)
{
	const struct btf_type *t = btf_type(btf, id);
	int depth;

	for (depth = 0; t && depth < BTF_MAX_DEPTH; depth++) {
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
			t = btf_type(btf, t->type);
			break;
		default:
			return t;
		}
	}
	return NULL;
}

static u32 btf_size(const struct btf_type *t)
{
	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
		return t->size;
	case BTF_KIND_PTR:
		return sizeof(void *);
	default:
		return 0;
	}
}

static bool btf_find_in(const struct btf_file *btf, const struct btf_type *t,
			u32 base, int depth, struct memtel_btf_member *want)
{
	const struct btf_member *m = (const void *)(t + 1);
	u32 i, vlen = BTF_INFO_VLEN(t->info);

	if (depth > BTF_MAX_DEPTH)
		return false;

	for (i = 0; i < vlen; i++, m++) {
		const struct btf_type *mt = btf_resolve(btf, m->type);
		const char *name = btf_string(btf, m->name_off);
		bool kflag = BTF_INFO_KFLAG(t->info);
		u32 offset = base + (kflag ? BTF_MEMBER_BIT_OFFSET(m->offset) :
					     m->offset);

		if (!mt)
			continue;
		if (!*name) {
			u32 kind = BTF_INFO_KIND(mt->info);

			if ((kind == BTF_KIND_STRUCT ||
			     kind == BTF_KIND_UNION) &&
			    btf_find_in(btf, mt, offset, depth + 1, want))
				return true;
			continue;
		}
		if (strcmp(name, want->name))
			continue;
		if (want->size && btf_size(mt) != want->size)
			return false;
		want->bit_offset = offset;
		want->bit_size = kflag ? BTF_MEMBER_BITFIELD_SIZE(m->offset) : 0;
		return true;
	}
	return false;
}

/**
 * memtel_btf_find() - find members of the running kernel's structs
 * @members: what to find, and where to note what was found
 * @nr: how many
 *
 * Context: Process context; reads a file and sleeps.
 * Return: 0 when the BTF could be read, whether or not every member was found
 * (bit_offset of one that was not is -1); else a negative errno.
 */
int memtel_btf_find(struct memtel_btf_member *members, unsigned int nr)
{
	struct btf_file btf = {};
	unsigned int i, left = 0;
	u32 id;
	int err;

	for (i = 0; i < nr; i++) {
		members[i].bit_offset = -1;
		left += !!members[i].type;
	}

	err = btf_open(&btf);
	if (err)
		return err;

	for (id = 1; id <= btf.nr_types && left; id++) {
		const struct btf_type *t = btf_type(&btf, id);
		const char *name;

		if (BTF_INFO_KIND(t->info) != BTF_KIND_STRUCT)
			continue;
		name = btf_string(&btf, t->name_off);
		for (i = 0; i < nr; i++) {
			if (!members[i].type || members[i].bit_offset >= 0 ||
			    strcmp(members[i].type, name) ||
			    !btf_find_in(&btf, t, 0, 0, &members[i]))
				continue;
			members[i].type_size = t->size;
			left--;
		}
	}
	btf_close(&btf);
	return 0;
}
