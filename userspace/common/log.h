/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to stderr, each with the program's name before it. See log.c. */
#ifndef LOG_H
#define LOG_H

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* LOG_H */
