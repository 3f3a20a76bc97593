/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How field.c's rows reach into the library's structs. */
#ifndef FIELD_GET_H
#define FIELD_GET_H

#include "field.h"

/* A member that has a bit in its struct's present. */
bool field_get_member(const struct field *field, const void *row,
		      struct field_value *value);
/* A member of a struct without one. */
bool field_get_always(const struct field *field, const void *row,
		      struct field_value *value);

/* Derived ones. */
bool field_get_available(const struct field *field, const void *row,
			 struct field_value *value);
bool field_get_counting(const struct field *field, const void *row,
			struct field_value *value);
bool field_get_cache_name(const struct field *field, const void *row,
			  struct field_value *value);
bool field_get_in_use(const struct field *field, const void *row,
		      struct field_value *value);
bool field_get_fragmentation(const struct field *field, const void *row,
			     struct field_value *value);
bool field_get_waste(const struct field *field, const void *row,
		     struct field_value *value);
bool field_get_remote(const struct field *field, const void *row,
		      struct field_value *value);
bool field_get_alias_names(const struct field *field, const void *row,
			   struct field_value *value);
bool field_get_slab_bytes(const struct field *field, const void *row,
			  struct field_value *value);
bool field_get_slab_share(const struct field *field, const void *row,
			  struct field_value *value);
bool field_get_hit_share(const struct field *field, const void *row,
			 struct field_value *value);
bool field_get_zone_order(const struct field *field, const void *row,
			  struct field_value *value);
bool field_get_zone_fragmentation(const struct field *field, const void *row,
				  struct field_value *value);
bool field_get_order_bytes(const struct field *field, const void *row,
			   struct field_value *value);
bool field_get_order_fragmentation(const struct field *field, const void *row,
				   struct field_value *value);
bool field_get_order_unusable(const struct field *field, const void *row,
			      struct field_value *value);
bool field_get_mean(const struct field *field, const void *row,
		    struct field_value *value);
bool field_get_p99(const struct field *field, const void *row,
		   struct field_value *value);
bool field_get_estimate(const struct field *field, const void *row,
			struct field_value *value);
bool field_get_fell(const struct field *field, const void *row,
		    struct field_value *value);
bool field_get_symbol(const struct field *field, const void *row,
		      struct field_value *value);
bool field_get_nest(const struct field *field, const void *row,
		    struct field_value *value);

extern const struct field_nest field_capability_nest;
extern const struct field_nest field_work_nest;
extern const struct field_nest field_cache_node_nest;
extern const struct field_nest field_cpu_node_nest;
extern const struct field_nest field_free_blocks_nest;
extern const struct field_nest field_bucket_nest;
extern const struct field_nest field_reclaim_order_nest;
extern const struct field_nest field_reclaim_gfp_nest;
extern const struct field_nest field_reclaim_outcome_nest;
extern const struct field_nest field_event_cause_nest;
extern const struct field_nest field_event_suspect_nest;

#endif /* FIELD_GET_H */
