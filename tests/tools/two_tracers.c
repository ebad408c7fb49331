// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Two tracers in one process, on interfaces of a network namespace of their own: each sees what is
 * its own, also after the other has ended. Prints what each saw; status 1 if that is not so, 77
 * after one line that says what this host lacks for it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/log.h"
#include "bench/net.h"
#include "hooks/kernel.h"
#include "host/drop_reasons.h"
#include "host/links.h"
#include "host/netlink.h"
#include "host/scope.h"
#include "trace/tracer.h"

#define SKIP	77
#define FRAMES	5
#define WAIT_MS 10000	/* at most, for what has been sent */

struct side {
	struct scope scope;
	struct tracer *tracer;
	struct links *names;
	struct drop_reasons *reasons;
	const char *name;
	char reason[64];	/* of the first frame */
	unsigned int own, others, named;
};

static int on_record(void *arg, const struct pp_rec *rec)
{
	struct side *s = arg;
	const char *name = links_name(s->names, rec->netns, rec->ifindex);
	const char *reason = drop_reasons_name(s->reasons, rec->reason);

	s->own += rec->ifindex == s->scope.ifs[0];
	s->others += rec->ifindex != s->scope.ifs[0];
	/* Names stay, whatever becomes of the other's. */
	if (!s->reason[0])
		snprintf(s->reason, sizeof(s->reason), "%s", reason);
	s->named += name && !strcmp(name, s->name) && !strcmp(reason, s->reason);
	return 0;
}

static int start(struct side *s, const char *name)
{
	struct tracer_opts o = { .scope = &s->scope, .records = 1024, .ring_bytes = 65536,
				 .verdicts = VERDICTS_ALL };
	char word[IF_NAMESIZE];
	int err;

	s->name = name;
	snprintf(word, sizeof(word), "%s", name);
	err = scope_add(&s->scope, word) || scope_resolve(&s->scope) ? -EINVAL : 0;
	if (!err)
		err = links_new(&s->names, -1);
	if (!err)
		err = drop_reasons_new(&s->reasons);
	if (!err)
		err = tracer_new(&s->tracer, &o);
	if (!err)
		tracer_enable(s->tracer);
	return err;
}

static void end(struct side *s)
{
	tracer_free(s->tracer);
	links_free(s->names);
	drop_reasons_free(s->reasons);
}

/* A frame of a protocol that nobody has, which the kernel drops at the device it arrives at. */
static int send_frames(const char *from)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5),
				  .sll_ifindex = (int)if_nametoindex(from), .sll_halen = ETH_ALEN,
				  .sll_addr = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), i, err = 0;
	char data[64] = "";

	if (fd < 0)
		return -errno;
	for (i = 0; i < FRAMES && !err; i++)
		if (sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			err = -errno;
	close(fd);
	return err;
}

static int wait_for(struct side *s, unsigned int n)
{
	struct pollfd p = { .fd = tracer_fd(s->tracer), .events = POLLIN };
	int i, err = 0;

	/* What is less than the ring wakes for is fetched from time to time. */
	for (i = 0; i < WAIT_MS / 50 && !err && s->own < n; i++) {
		poll(&p, 1, 50);
		err = tracer_consume(s->tracer, on_record, s);
	}
	return err;
}

static int both(struct side *a, struct side *b)
{
	int err = start(a, "lo");

	if (!err)
		err = start(b, "two0");
	if (!err)
		err = send_frames("lo");
	if (!err)
		err = send_frames("two1");
	if (!err)
		err = wait_for(a, FRAMES);
	if (!err)
		err = wait_for(b, FRAMES);
	end(a);
	if (!err)
		err = send_frames("two1");
	if (!err)
		err = wait_for(b, 2 * FRAMES);
	end(b);
	return err;
}

static int make_network(void)
{
	int err = net_private();

	if (!err)
		err = net_veth("two0", "two1", 1);
	if (!err)
		err = nl_device_up("lo", 0);
	if (!err)
		err = nl_device_up("two0", 0);
	return err ? err : nl_device_up("two1", 0);
}

int main(void)
{
	struct side a = {}, b = {};
	int err;

	if (check_kernel())
		return SKIP;
	err = make_network();
	if (err) {
		fprintf(stderr, "a network namespace with a veth pair: %s\n", strerror(-err));
		return SKIP;
	}
	err = both(&a, &b);
	if (err)
		fprintf(stderr, "two tracers: %s\n", strerror(-err));
	printf("lo %u of others %u named %u, two0 %u of others %u named %u\n", a.own, a.others,
	       a.named, b.own, b.others, b.named);
	return err || a.own != FRAMES || a.others || a.named != FRAMES || b.own != 2 * FRAMES ||
	       b.others || b.named != 2 * FRAMES;
}
