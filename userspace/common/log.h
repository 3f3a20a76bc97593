/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to stderr, each with the program's name before it. */
#ifndef LOG_H
#define LOG_H

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* LOG_H */
