/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MEMTEL_NETLINK_H
#define _MEMTEL_NETLINK_H

#include <linux/types.h>

int memtel_netlink_init(void);
void memtel_netlink_exit(void);
bool memtel_netlink_is_open(void);
const char *memtel_netlink_cannot_tell(void);

#endif /* _MEMTEL_NETLINK_H */
