/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Which XDP program is attached to which of the traced interfaces, how, and whether it can be
 * observed. Looking disturbs nobody: descriptors of programs are taken, nothing else.
 */
#ifndef PKTPATH_TRACE_XDP_SCAN_H
#define PKTPATH_TRACE_XDP_SCAN_H

#include <net/if.h>
#include "host/link_xdp.h"
#include "host/scope.h"
#include "record.h"

#define XDPSCAN_PROGS 16	/* different programs that are told apart */
#define XDP_FUNC_LEN  128

struct xdp_prog {
	uint32_t id;			/* attached to the device */
	uint32_t real;			/* the same, or of what took its whole function's place */
	int fd;				/* of `real`; -1: it cannot be opened */
	char func[XDP_FUNC_LEN];	/* its function, as its BTF has it; else its name */
	bool dispatcher;		/* it calls other programs, whose verdicts it joins */
	const char *why;		/* why it cannot be observed; NULL: it can */
};

struct xdp_dev {
	unsigned int ifindex;
	char name[IF_NAMESIZE];
	bool attached;			/* to this device; `id`, `mode` and `prog` count */
	uint32_t id;
	bool hardware;			/* it runs in the device, where nothing can be seen */
	bool own;			/* it is pktpath's own */
	bool changed;			/* since then, which was said */
	int err;			/* -errno: the kernel could not be asked what is attached */
	unsigned int mode;		/* enum pp_xdp_mode */
	int prog;			/* index in progs; -1: there are too many */
};

struct xdpscan {
	struct xdp_prog progs[XDPSCAN_PROGS];
	struct xdp_dev devs[PP_IFS];	/* all that were named; if none were, those with XDP */
	int nr_progs, nr_devs;
	bool more;			/* there are more devices with XDP than these */
	int err;			/* -errno: interfaces could not be listed */
};

/* Give it back with xdpscan_free(). */
void xdpscan_find(struct xdpscan *s, const struct scope *scope);
void xdpscan_free(struct xdpscan *s);

/* Why the device's program cannot be observed; NULL: it can, or there is none. */
const char *xdpscan_why(const struct xdpscan *s, const struct xdp_dev *d);

/* What is to be known of an observed program: "", or text that begins with a comma. */
const char *xdpscan_note(const struct xdp_prog *p);

/* "NAME[ID]" of a device's program; buf has room for XDP_FUNC_LEN + 16. */
const char *xdpscan_name(const struct xdpscan *s, const struct xdp_dev *d, char *buf);

/* The ID of what is attached, 0 = nothing, and how. */
uint32_t xdpscan_id(const struct link_xdp *x, unsigned int *mode, bool *hardware);

#endif /* PKTPATH_TRACE_XDP_SCAN_H */
