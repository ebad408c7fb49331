/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Messages for people, all on stderr, all in one form: "pktpath: what: object: why (try this)". */
#ifndef PKTPATH_BASE_LOG_H
#define PKTPATH_BASE_LOG_H

__attribute__((format(printf, 1, 2))) void log_err(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_note(const char *fmt, ...);

/*
 * Keeps back what libbpf says from here on, which it would write to stderr, and remembers the end
 * of its warnings: many lines, a verifier's among them. log_show_libbpf() writes those to stderr.
 */
void log_capture_libbpf(void);
void log_show_libbpf(void);

#define LOG_PATH 256

/*
 * Writes them into a new file in $TMPDIR or /tmp, for a message of one line to name. Returns its
 * path, in `path`; NULL if there were none, or the file could not be written.
 */
const char *log_save_libbpf(char path[LOG_PATH]);

#endif /* PKTPATH_BASE_LOG_H */
