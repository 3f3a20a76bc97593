/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 6.7 brought shrinkers that the kernel allocates. Before, their owner does,
 * and from 6.0 on it registers them under a name. Used by the tests' modules.
 */
#ifndef _MEMTEL_COMPAT_LINUX_SHRINKER_H
#define _MEMTEL_COMPAT_LINUX_SHRINKER_H

#include <linux/slab.h>
#include <linux/version.h>
#include_next <linux/shrinker.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
struct memtel_compat_shrinker {
	struct shrinker shrinker;
	const char *name;
};

static inline struct shrinker *shrinker_alloc(unsigned int flags,
					      const char *name)
{
	struct memtel_compat_shrinker *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->name = name;
	s->shrinker.flags = flags;
	s->shrinker.seeks = DEFAULT_SEEKS;
	return &s->shrinker;
}

static inline void shrinker_register(struct shrinker *shrinker)
{
	struct memtel_compat_shrinker *s =
		container_of(shrinker, struct memtel_compat_shrinker, shrinker);

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 0, 0)
	WARN_ON(register_shrinker(&s->shrinker));
#else
	WARN_ON(register_shrinker(&s->shrinker, "%s", s->name));
#endif
}

static inline void shrinker_free(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(container_of(shrinker, struct memtel_compat_shrinker, shrinker));
}
#endif

#endif /* _MEMTEL_COMPAT_LINUX_SHRINKER_H */
