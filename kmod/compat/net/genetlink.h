/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 6.2 brought struct genl_split_ops, a do and a dump of one command as two
 * entries with a policy each, which is what the generated table uses. Before,
 * a command has one struct genl_ops and one policy. memtel's specification
 * gives a command's do and dump the same request attributes, so that joining
 * the two entries loses nothing.
 *
 * 6.7 brought genl_info_dump() in place of genl_dumpit_info().
 *
 * 6.1 brought GENL_REQ_ATTR_CHECK(), which also tells userspace which attribute
 * is missing.
 */
#ifndef _MEMTEL_COMPAT_NET_GENETLINK_H
#define _MEMTEL_COMPAT_NET_GENETLINK_H

#include <linux/version.h>
#include_next <net/genetlink.h>

#ifndef GENL_REQ_ATTR_CHECK
#define GENL_REQ_ATTR_CHECK(info, attr)	(!(info)->attrs[attr])
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline struct nlattr **memtel_dump_attrs(struct netlink_callback *cb)
{
	return genl_dumpit_info(cb)->attrs;
}
#else
static inline struct nlattr **memtel_dump_attrs(struct netlink_callback *cb)
{
	return genl_info_dump(cb)->attrs;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)

#define MEMTEL_COMPAT_MAX_OPS	48

struct genl_split_ops {
	union {
		struct {
			int (*doit)(struct sk_buff *skb,
				    struct genl_info *info);
		};
		struct {
			int (*start)(struct netlink_callback *cb);
			int (*dumpit)(struct sk_buff *skb,
				      struct netlink_callback *cb);
			int (*done)(struct netlink_callback *cb);
		};
	};
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 cmd;
	u8 flags;
};

/* The generated family, and the one the kernel gets, made from it. */
struct memtel_compat_family {
	char name[GENL_NAMSIZ];
	unsigned int version;
	bool netnsok;
	bool parallel_ops;
	struct module *module;
	const struct genl_split_ops *split_ops;
	unsigned int n_split_ops;

	struct genl_family family;
	struct genl_ops ops[MEMTEL_COMPAT_MAX_OPS];
};

static inline void memtel_compat_add_op(struct memtel_compat_family *f,
					const struct genl_split_ops *split)
{
	struct genl_family *family = &f->family;
	struct genl_ops *op = NULL;
	unsigned int i;

	for (i = 0; i < family->n_ops; i++)
		if (f->ops[i].cmd == split->cmd)
			op = &f->ops[i];
	if (!op)
		op = &f->ops[family->n_ops++];

	op->cmd = split->cmd;
	op->policy = split->policy;
	op->maxattr = split->maxattr;
	op->flags |= split->flags & ~(GENL_CMD_CAP_DO | GENL_CMD_CAP_DUMP);
	if (split->flags & GENL_CMD_CAP_DO) {
		op->doit = split->doit;
	} else {
		op->start = split->start;
		op->dumpit = split->dumpit;
		op->done = split->done;
	}
}

static inline int memtel_compat_register(struct memtel_compat_family *f)
{
	unsigned int i;

	if (f->n_split_ops > MEMTEL_COMPAT_MAX_OPS)
		return -EINVAL;
	for (i = 0; i < f->n_split_ops; i++)
		memtel_compat_add_op(f, &f->split_ops[i]);

	strscpy(f->family.name, f->name, sizeof(f->family.name));
	f->family.version = f->version;
	f->family.netnsok = f->netnsok;
	f->family.parallel_ops = f->parallel_ops;
	f->family.module = f->module;
	f->family.ops = f->ops;
	return genl_register_family(&f->family);
}

#define genl_family			memtel_compat_family
#define genl_register_family(f)		memtel_compat_register(f)
#define genl_unregister_family(f)	genl_unregister_family(&(f)->family)
#define genlmsg_put(skb, portid, seq, f, flags, cmd) \
	genlmsg_put(skb, portid, seq, &(f)->family, flags, cmd)

#endif /* < 6.2 */

#endif /* _MEMTEL_COMPAT_NET_GENETLINK_H */
