/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The stage `xdp` of a trace: what of the XDP programs on the traced interfaces is observed, and
 * pktpath's own program where it is asked for. In this order: new (looks, and says what it found),
 * configure and want (between open and load of the BPF object), attach, report, detach, free.
 *
 * A foreign program is never replaced: the kernel refuses a link where a program is
 * (dev_xdp_attach(), v5.9). Links end with this process, however that ends.
 */
#ifndef PKTPATH_TRACE_XDP_STAGE_H
#define PKTPATH_TRACE_XDP_STAGE_H

#include <bpf/libbpf.h>
#include "hooks/plan.h"
#include "trace/xdp_scan.h"

/* --xdp: only observe; attach a program natively, else generically; or one of these. */
enum xdp_want { XDP_OBSERVE, XDP_AUTO, XDP_NATIVE, XDP_GENERIC };

struct xdpview {
	enum xdp_want want;
	struct xdpscan scan;
	int pair[PP_XDP_PROGS];		/* index of the program that it observes */
	int nr_pairs;
	struct bpf_program *in[PP_XDP_PROGS];
	struct bpf_link *links[2 * PP_XDP_PROGS + 5];
	int nr_links;
	int own_fd[PP_IFS];		/* links of our own program; -1: none */
	char text[PP_IFS][XDP_FUNC_LEN + 128];	/* for reports */
	bool frags;			/* the kernel has XDP for frames of several buffers */
	bool refused;			/* observing failed at load: only say so */
	uint64_t next_look_ns;
};

/* Looks, and says on stderr what it found. */
void xdpview_new(struct xdpview *v, const struct scope *scope, enum xdp_want want);

/* Is there anything to observe or to attach? */
bool xdpview_active(const struct xdpview *v);

void xdpview_configure(const struct xdpview *v, struct pp_cfg *cfg);
int xdpview_want(struct xdpview *v, const struct bpf_object *obj);

/*
 * `table` is the object's xdp_devs. 0, or -errno after one line on stderr: our own program was
 * asked for and cannot be attached. Waits for the link where attaching took it away, up to ten
 * seconds.
 */
int xdpview_attach(struct xdpview *v, const struct bpf_object *obj, struct pp_xdp_dev *table);

/* The object could not be loaded: do without observing. False: it was not observing anything. */
bool xdpview_give_up(struct xdpview *v);

/* Adds the stage and what serves it to the plan; `v` must outlive it. */
void xdpview_report(struct xdpview *v, struct plan *plan);

/* Is there a stage `xdp`, with generic programs only? */
bool xdpview_late(const struct xdpview *v);

/*
 * Says once of each interface that was named when a program comes, goes or gives way to another, as
 * it is not observed. Cheap: it looks once a second, however often it is called.
 */
void xdpview_look(struct xdpview *v, const struct links *l);

/* Enters in the plan how many runs of the observers the kernel skipped. */
void xdpview_missed(const struct xdpview *v, struct plan *plan);

/* The program that decided a record's fate, by name, into its `place`. */
void xdpview_place(const struct xdpview *v, struct pp_rec *rec);

void xdpview_detach(struct xdpview *v);
void xdpview_free(struct xdpview *v);

#endif /* PKTPATH_TRACE_XDP_STAGE_H */
