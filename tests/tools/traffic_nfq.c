// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A consumer of a netfilter queue, by netlink alone: each verdict comes a known time late. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

#define MAX_WAITING 4096	/* packets; the kernel's queue holds 1024 of them */

struct waiting {
	uint32_t id;
	uint64_t read_ns;
};

struct queue {
	int fd;
	const struct opts *o;
	struct waiting waiting[MAX_WAITING];	/* a ring, oldest first */
	uint64_t read, answered;
};

/* A message with one attribute; every request to this subsystem has that form. */
struct request {
	struct nlmsghdr nl;
	struct nfgenmsg nf;
	struct nlattr attr;
	char value[16];
};

static int request(const struct queue *q, int type, int attr, const void *value, size_t len,
		   bool ack)
{
	struct request r = {
		.nl = { .nlmsg_len = (uint32_t)(offsetof(struct request, value) + NLA_ALIGN(len)),
			.nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type),
			.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (ack ? NLM_F_ACK : 0)) },
		.nf = { .version = NFNETLINK_V0, .res_id = htons(q->o->port) },
		.attr = { (uint16_t)(NLA_HDRLEN + len), (uint16_t)attr },
	};

	memcpy(r.value, value, len);
	return send(q->fd, &r, r.nl.nlmsg_len, 0) < 0 ? -1 : 0;
}

/* 0, or -1 with errno as the kernel's answer has it. */
static int configure(const struct queue *q, int attr, const void *value, size_t len)
{
	struct {
		struct nlmsghdr nl;
		struct nlmsgerr error;
		char rest[256];
	} answer;

	if (request(q, NFQNL_MSG_CONFIG, attr, value, len, true) ||
	    recv(q->fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)))
		return -1;
	if (answer.nl.nlmsg_type != NLMSG_ERROR)
		answer.error.error = -EPROTO;
	errno = -answer.error.error;
	return errno ? -1 : 0;
}

static int queue_open(struct queue *q)
{
	struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params meta = { .copy_mode = NFQNL_COPY_META };

	/* A packet that GRO merged comes in some 45 pieces at once. */
	int room = 8 << 20;

	q->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (q->fd < 0 || setsockopt(q->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		return fail("netlink");
	if (configure(q, NFQA_CFG_CMD, &bind, sizeof(bind)))
		return fail("bind to the queue (is the module nfnetlink_queue loaded?)");
	if (configure(q, NFQA_CFG_PARAMS, &meta, sizeof(meta)))
		return fail("the queue's parameters");
	return 0;
}

static void remember(struct queue *q, const struct nlmsghdr *nl, uint64_t read_ns)
{
	const char *at = (const char *)nl + NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const char *end = (const char *)nl + nl->nlmsg_len;
	struct nfqnl_msg_packet_hdr head;
	struct nlattr attr;

	for (; end - at >= (ssize_t)sizeof(attr); at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > end - at)
			return;
		if ((attr.nla_type & NLA_TYPE_MASK) != NFQA_PACKET_HDR)
			continue;
		memcpy(&head, at + NLA_HDRLEN, sizeof(head));
		q->waiting[q->read++ % MAX_WAITING] =
			(struct waiting){ ntohl(head.packet_id), read_ns };
		return;
	}
}

static int read_packets(struct queue *q)
{
	static char buf[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n = recv(q->fd, buf, sizeof(buf), MSG_DONTWAIT);
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	unsigned int left = n > 0 ? (unsigned int)n : 0;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : fail("netlink");
	for (struct nlmsghdr *nl = (struct nlmsghdr *)buf; NLMSG_OK(nl, left);
	     nl = NLMSG_NEXT(nl, left)) {
		if (nl->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
			remember(q, nl, now);
	}
	return 0;
}

/* Answers every packet whose time has come. */
static int answer_due(struct queue *q)
{
	uint64_t delay_ns = q->o->delay_ms * 1000000ull;

	for (; q->answered < q->read; q->answered++) {
		const struct waiting *w = &q->waiting[q->answered % MAX_WAITING];
		struct nfqnl_msg_verdict_hdr verdict = {
			htonl(q->o->drop ? NF_DROP : NF_ACCEPT), htonl(w->id)
		};
		uint64_t now = now_ns(CLOCK_MONOTONIC);

		if (now - w->read_ns < delay_ns)
			break;
		if (request(q, NFQNL_MSG_VERDICT, NFQA_VERDICT_HDR, &verdict, sizeof(verdict),
			    false))
			return fail("verdict");
		if (q->o->timestamps)
			printf("rx %" PRIu64 " id %u read %" PRIu64 " verdict %" PRIu64 "\n",
			       q->answered, w->id, w->read_ns, now);
	}
	return 0;
}

/* 1: something to read or to answer, 0: nothing came within --timeout, -1: failed */
static int await_work(const struct queue *q)
{
	const struct waiting *w = &q->waiting[q->answered % MAX_WAITING];
	bool waiting = q->answered < q->read, full = q->read - q->answered == MAX_WAITING;
	struct pollfd p = { .fd = full ? -1 : q->fd, .events = POLLIN };
	struct timespec ts = { .tv_sec = q->o->timeout_s };
	int rc;

	if (waiting) {
		uint64_t due = w->read_ns + q->o->delay_ms * 1000000ull;
		uint64_t now = now_ns(CLOCK_MONOTONIC), left = due > now ? due - now : 0;

		ts = (struct timespec){ .tv_sec = (time_t)(left / NSEC_PER_SEC),
					.tv_nsec = (long)(left % NSEC_PER_SEC) };
	}
	rc = ppoll(&p, 1, waiting || q->o->timeout_s ? &ts : NULL, NULL);
	if (rc < 0 && errno != EINTR)
		return -1;
	return rc || waiting;
}

int nfqueue_delay(const struct opts *o)
{
	static struct queue q;
	int rc;

	q = (struct queue){ .fd = -1, .o = o };
	if (queue_open(&q))
		return 1;
	announce_ready();
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	do {
		rc = await_work(&q);
		if (rc < 0)
			return fail("poll");
		if (rc && (read_packets(&q) || answer_due(&q)))
			return 1;
	} while (rc && (!o->count || q.answered < o->count));
	printf("verdicts %" PRIu64 " read %" PRIu64 "\n", q.answered, q.read);
	close(q.fd);
	return o->count && q.answered < o->count;
}
