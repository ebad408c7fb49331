// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "base/clock.h"
#include "base/log.h"
#include "trace/xdp_own.h"

#define LINK_WAIT_NS 10000000000ull
#define LINK_LOOK_US 20000

/* Where the kernel refuses it for the size of frames, the program that takes any may do. */
static int attach_as(const struct xdp_dev *d, const int prog[2], uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd = bpf_link_create(prog[0], (int)d->ifindex, BPF_XDP, &opts), err;

	if (fd >= 0)
		return fd;
	err = -errno;
	if (prog[1] < 0 || err == -EBUSY || err == -EEXIST)
		return err;
	fd = bpf_link_create(prog[1], (int)d->ifindex, BPF_XDP, &opts);
	return fd >= 0 ? fd : err;
}

static void complain(const struct xdp_dev *d, enum xdp_want want, int err)
{
	if (err == -EBUSY || err == -EEXIST)
		log_err("--xdp: %s: another XDP program has come meanwhile; "
			"it is left alone", d->name);
	else if (want == XDP_NATIVE && err == -EOPNOTSUPP)
		log_err("--xdp=native: %s: its driver has no native XDP (--xdp=generic "
			"works with any)", d->name);
	else
		log_err("--xdp: %s: cannot attach an XDP program: %s", d->name, strerror(-err));
}

int xdpown_attach(struct xdp_dev *d, enum xdp_want want, const int prog[2])
{
	int fd = -EOPNOTSUPP;

	if (want != XDP_GENERIC) {
		d->mode = PP_XM_NATIVE;
		fd = attach_as(d, prog, XDP_FLAGS_DRV_MODE);
	}
	if (fd < 0 && want != XDP_NATIVE && fd != -EBUSY && fd != -EEXIST) {
		d->mode = PP_XM_GENERIC;
		fd = attach_as(d, prog, XDP_FLAGS_SKB_MODE);
	}
	if (fd < 0) {
		complain(d, want, fd);
		return fd;
	}
	d->attached = d->own = true;
	if (d->mode == PP_XM_NATIVE)
		log_note("%s: attached an XDP program of its own, native: some drivers (igb, for "
			 "one) reset the link for it, now and at the end", d->name);
	else
		log_note("%s: attached an XDP program of its own, generic: that turns GRO off on "
			 "%s until the end, and is not the fast path", d->name, d->name);
	return fd;
}

bool xdpown_has_link(const struct xdp_dev *d)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {};
	bool has = false;

	if (fd < 0)
		return false;
	memcpy(req.ifr_name, d->name, sizeof(req.ifr_name));
	if (!ioctl(fd, SIOCGIFFLAGS, &req))
		has = req.ifr_flags & IFF_RUNNING;
	close(fd);
	return has;
}

void xdpown_wait(const struct xdpscan *s, const bool had_link[PP_IFS])
{
	uint64_t start = now_ns(CLOCK_MONOTONIC), took;
	int i;

	for (i = 0; i < s->nr_devs; i++) {
		if (!had_link[i] || xdpown_has_link(&s->devs[i]))
			continue;
		do {
			usleep(LINK_LOOK_US);
			took = now_ns(CLOCK_MONOTONIC) - start;
		} while (!xdpown_has_link(&s->devs[i]) && took < LINK_WAIT_NS);
		if (took < LINK_WAIT_NS)
			log_note("%s: the link is back after %.1f s",
				 s->devs[i].name, (double)took / 1e9);
		else
			log_note("%s: the link is not back after %.1f s", s->devs[i].name,
				 (double)took / 1e9);
	}
}
