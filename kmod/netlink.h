/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MEMTEL_NETLINK_H
#define _MEMTEL_NETLINK_H

int memtel_netlink_init(void);
void memtel_netlink_exit(void);

#endif /* _MEMTEL_NETLINK_H */
