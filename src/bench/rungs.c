// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bench/app.h"
#include "bench/net.h"
#include "bench/rungs.h"
#include "base/child.h"
#include "base/procfile.h"

#define TCX_INGRESS 46	/* BPF_TCX_INGRESS, which older headers lack */
#define TOOL_OUT    4096
#define LIST_MAX    64	/* packets; GRO gives up lists of net.core.gro_normal_batch, 8 */

static int why(struct rung_state *s, int err, const char *what)
{
	return err ? why_is(&s->why, err, "%s: %s", what, strerror(-err)) : 0;
}

static void close_fd(struct rung_state *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* --- XDP --- */

static int up_xdp(struct rung_state *s, bool generic)
{
	struct bench_spec spec = { .mode = XB_DROP, .label = "a rung" };
	struct prog_env env = { .count = generic };
	int err = prog_load(&s->prog, &spec, &env, &s->why);

	if (err)
		return err;
	s->fd = prog_attach(s->prog, bed_ifindex(s->bed, DEV_DUT), generic);
	return s->fd < 0 ? why(s, s->fd, "attach") : 0;
}

static int up_native(struct rung_state *s)
{
	return up_xdp(s, false);
}

static int up_generic(struct rung_state *s)
{
	return up_xdp(s, true);
}

static int count_native(struct rung_state *s, uint64_t *packets)
{
	struct tally t;
	int err = bed_tally(s->bed, &t);

	*packets = t.dev[DEV_DUT].xdp_drops - s->base.dev[DEV_DUT].xdp_drops;
	return err;
}

static int count_prog(struct rung_state *s, uint64_t *packets)
{
	*packets = prog_counted(s->prog);
	return 0;
}

static void down_link(struct rung_state *s)
{
	close_fd(s);
	prog_free(s->prog);
	s->prog = NULL;
}

/* --- traffic control --- */

static int up_tcx(struct rung_state *s)
{
	int err = prog_load_shot(&s->prog);

	if (err)
		return why(s, err, "load");
	s->fd = bpf_link_create(prog_fd(s->prog), (int)bed_ifindex(s->bed, DEV_DUT),
				(enum bpf_attach_type)TCX_INGRESS, NULL);
	if (s->fd < 0)
		return why_is(&s->why, s->fd, "Linux 6.6 or later is needed");
	return 0;
}

static int up_clsact(struct rung_state *s)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)bed_ifindex(s->bed, DEV_DUT),
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1);
	int err = prog_load_shot(&s->prog);

	if (err)
		return why(s, err, "load");
	err = bpf_tc_hook_create(&hook);
	if (err)
		return why(s, err, "clsact");
	opts.prog_fd = prog_fd(s->prog);
	return why(s, bpf_tc_attach(&hook, &opts), "cls_bpf");
}

static void down_clsact(struct rung_state *s)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)bed_ifindex(s->bed, DEV_DUT),
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	bpf_tc_hook_destroy(&hook);
	prog_free(s->prog);
	s->prog = NULL;
}

/* --- netfilter --- */

static int nft(struct rung_state *s, const char *script, char *out, size_t size)
{
	static const char *const words[] = { "nft", "-f", "-", NULL };
	int err = tool_run(words, script, out, size);

	if (err == -ENOENT)
		why_is(&s->why, err, "there is no nft (package nftables)");
	else if (err == -EIO)
		why_is(&s->why, err, "nft refused it: this kernel lacks it");
	else if (err)
		why(s, err, "nft");
	return err;
}

static int up_nft(struct rung_state *s, const char *family, const char *hook, const char *match)
{
	char script[512], out[TOOL_OUT];

	snprintf(script, sizeof(script), "table %s bench {\nchain c {\ntype filter hook %s\n"
		 "%s counter drop\n}\n}\n", family, hook, match);
	s->table = nft(s, script, out, sizeof(out)) ? NULL : family;
	return s->table ? 0 : -ENOENT;
}

static int up_nft_ingress(struct rung_state *s)
{
	return up_nft(s, "netdev", "ingress device \"dut0\" priority 0;", "");
}

static int up_nft_raw(struct rung_state *s)
{
	return up_nft(s, "ip", "prerouting priority -300;", "");
}

static int up_nft_mangle(struct rung_state *s)
{
	return up_nft(s, "ip", "prerouting priority -150;", "");
}

static int up_nft_input(struct rung_state *s)
{
	return up_nft(s, "ip", "input priority 0;", "");
}

static int up_nft_conntrack(struct rung_state *s)
{
	return up_nft(s, "ip", "input priority 0;", "ct state new");
}

static int count_nft_family(struct rung_state *s, const char *family, uint64_t *packets)
{
	unsigned long long n;
	char script[128], out[TOOL_OUT];
	const char *at;
	int err;

	snprintf(script, sizeof(script), "list table %s bench\n", family);
	err = nft(s, script, out, sizeof(out));
	if (err)
		return err;
	at = strstr(out, "counter packets ");
	if (!at || sscanf(at, "counter packets %llu", &n) != 1)
		return -EPROTO;
	*packets = n;
	return 0;
}

static int count_nft_netdev(struct rung_state *s, uint64_t *packets)
{
	return count_nft_family(s, "netdev", packets);
}

static int count_nft_ip(struct rung_state *s, uint64_t *packets)
{
	return count_nft_family(s, "ip", packets);
}

static void down_nft(struct rung_state *s)
{
	char script[64], out[TOOL_OUT];

	if (!s->table)
		return;
	snprintf(script, sizeof(script), "delete table %s bench\n", s->table);
	nft(s, script, out, sizeof(out));
	s->table = NULL;
}

static void down_nothing(struct rung_state *s)
{
}

static int iptables(struct rung_state *s, const char *table, const char *chain, const char *act,
		    char *out, size_t size)
{
	const char *words[] = { "iptables", "-w", "-t", table, act, chain, NULL, NULL, NULL, NULL };
	int err;

	if (!strcmp(act, "-L")) {
		words[6] = "-v";
		words[7] = "-n";
		words[8] = "-x";
	} else {
		words[6] = "-j";
		words[7] = "DROP";
	}
	err = tool_run(words, "", out, size);
	if (err == -ENOENT)
		why_is(&s->why, err, "there is no iptables (package iptables)");
	else if (err == -EIO)
		why_is(&s->why, err, "iptables refused it: this kernel lacks it");
	else if (err)
		why(s, err, "iptables");
	return err;
}

static int count_iptables(struct rung_state *s, const char *table, const char *chain,
			  uint64_t *packets)
{
	char out[TOOL_OUT], *line;
	unsigned long long n;
	int err = iptables(s, table, chain, "-L", out, sizeof(out));

	if (err)
		return err;
	/* Behind the chain's line and the line of titles. */
	line = strchr(out, '\n');
	line = line ? strchr(line + 1, '\n') : NULL;
	if (!line || sscanf(line + 1, "%llu", &n) != 1)
		return -EPROTO;
	*packets = n;
	return 0;
}

#define IPTABLES(name, table, chain)                                                               \
	static int up_ipt_##name(struct rung_state *s)                                             \
	{                                                                                          \
		char out[TOOL_OUT];                                                                \
                                                                                                   \
		return iptables(s, table, chain, "-I", out, sizeof(out));                          \
	}                                                                                          \
                                                                                                   \
	static int count_ipt_##name(struct rung_state *s, uint64_t *packets)                       \
	{                                                                                          \
		return count_iptables(s, table, chain, packets);                                   \
	}                                                                                          \
                                                                                                   \
	static void down_ipt_##name(struct rung_state *s)                                          \
	{                                                                                          \
		char out[TOOL_OUT];                                                                \
                                                                                                   \
		iptables(s, table, chain, "-D", out, sizeof(out));                                 \
	}

IPTABLES(raw, "raw", "PREROUTING")
IPTABLES(mangle, "mangle", "PREROUTING")
IPTABLES(input, "filter", "INPUT")

/* --- routing --- */

/* The sum of one column over all CPUs of /proc/net/stat/rt_cache, which is hexadecimal. */
static uint64_t no_route(void)
{
	FILE *f = fopen("/proc/thread-self/net/stat/rt_cache", "re");
	char line[512], *word, *save;
	int column = -1, i;
	uint64_t sum = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		bool head = column < 0;

		for (i = 0, word = strtok_r(line, " \n", &save); word;
		     word = strtok_r(NULL, " \n", &save), i++) {
			if (head && !strcmp(word, "in_no_route"))
				column = i;
			else if (!head && i == column)
				sum += strtoull(word, NULL, 16);
		}
		if (column < 0)
			break;
	}
	fclose(f);
	return sum;
}

/* With forwarding, as without it the kernel would not look a foreign address up. */
static int up_blackhole(struct rung_state *s)
{
	int err = net_addr("dut0", "198.18.0.2", 15, false);

	if (!err)
		err = procfile_write("1", "/proc/sys/net/ipv4/ip_forward");
	if (!err)
		err = net_blackhole("198.18.0.2", 32, true);
	s->base_no_route = no_route();
	return why(s, err, "route");
}

/*
 * A route has no counter, and in_no_route counts a list of packets to one address once
 * (ip_extract_route_hint(), v5.5) and for the whole machine. So the packets are those that this
 * namespace received and that have no other outcome: delivered, forwarded, in error, or without
 * any route, which InNoRoutes would count; and there must have been lookups for lists of them.
 */
static int count_blackhole(struct rung_state *s, uint64_t *packets)
{
	const struct snmp *b = &s->base.snmp, *n;
	uint64_t here, lookups = no_route() - s->base_no_route;
	struct tally t;
	int err = bed_tally(s->bed, &t);

	n = &t.snmp;
	here = n->in_receives - b->in_receives - (n->in_hdr_errors - b->in_hdr_errors) -
	       (n->in_addr_errors - b->in_addr_errors) - (n->forwarded - b->forwarded) -
	       (n->in_discards - b->in_discards) - (n->in_delivers - b->in_delivers) -
	       (n->in_no_routes - b->in_no_routes);
	*packets = lookups * LIST_MAX >= here ? here : lookups * LIST_MAX;
	return err;
}

static void down_blackhole(struct rung_state *s)
{
	net_blackhole("198.18.0.2", 32, false);
	procfile_write("0", "/proc/sys/net/ipv4/ip_forward");
	net_addr("dut0", "198.18.0.2", 15, true);
}

/* --- sockets --- */

static int count_snmp(struct rung_state *s, uint64_t (*get)(const struct snmp *),
		      uint64_t *packets)
{
	struct tally t;
	int err = bed_tally(s->bed, &t);

	*packets = get(&t.snmp) - get(&s->base.snmp);
	return err;
}

static int up_nothing(struct rung_state *s)
{
	return 0;
}

static uint64_t no_ports(const struct snmp *n)
{
	return n->udp_no_ports;
}

static int count_no_ports(struct rung_state *s, uint64_t *packets)
{
	return count_snmp(s, no_ports, packets);
}

static int up_filter(struct rung_state *s)
{
	int err;

	s->fd = udp_open(false);
	err = s->fd < 0 ? s->fd : udp_filter_all(s->fd);
	return why(s, err, "socket");
}

static uint64_t filtered(const struct snmp *n)
{
	return n->udp_in_errors - n->udp_rcvbuf_errors;
}

static int count_filter(struct rung_state *s, uint64_t *packets)
{
	return count_snmp(s, filtered, packets);
}

static int up_full(struct rung_state *s)
{
	s->fd = udp_open(true);
	return s->fd < 0 ? why(s, s->fd, "socket") : 0;
}

static uint64_t overflowed(const struct snmp *n)
{
	return n->udp_rcvbuf_errors;
}

/* The few that fill the buffer are found in it. */
static int count_full(struct rung_state *s, uint64_t *packets)
{
	int err = count_snmp(s, overflowed, packets);

	*packets += udp_drain(s->fd);
	return err;
}

static int up_app(struct rung_state *s)
{
	int err;

	s->fd = udp_open(false);
	err = s->fd < 0 ? s->fd : app_start(&s->app, s->fd, gen_cpu(bed_gen(s->bed), 0));
	if (!err)
		err = bed_meter_add(s->bed, app_tid(s->app));
	return why(s, err, "socket");
}

static int count_app(struct rung_state *s, uint64_t *packets)
{
	*packets = app_read(s->app);
	return 0;
}

static void down_app(struct rung_state *s)
{
	app_stop(s->app);
	s->app = NULL;
	close_fd(s);
	bed_meter(s->bed);
}

#define NFT_COUNTER "the rule's counter"

const struct rung rungs[] = {
	{ "XDP native", "the driver's xdp_drops", up_native, count_native, down_link, RUNG_ALL, 0 },
	{ "XDP generic", "the program's counter", up_generic, count_prog, down_link, RUNG_ALL, 0 },
	{ "tcx", "the program's counter", up_tcx, count_prog, down_link, RUNG_ALL, 0 },
	{ "tc clsact", "the program's counter", up_clsact, count_prog, down_clsact, RUNG_ALL, 0 },
	{ "nft netdev ingress", NFT_COUNTER, up_nft_ingress, count_nft_netdev, down_nft,
	  RUNG_ALL, 0 },
	{ "nft raw", NFT_COUNTER, up_nft_raw, count_nft_ip, down_nft, RUNG_ALL, 0 },
	{ "iptables raw", NFT_COUNTER, up_ipt_raw, count_ipt_raw, down_ipt_raw, RUNG_ALL, 1 },
	{ "nft mangle", NFT_COUNTER, up_nft_mangle, count_nft_ip, down_nft, RUNG_ALL, 0 },
	{ "iptables mangle", NFT_COUNTER, up_ipt_mangle, count_ipt_mangle, down_ipt_mangle,
	  RUNG_ALL, 2 },
	{ "blackhole route", "Ip InReceives without another outcome", up_blackhole, count_blackhole,
	  down_blackhole, RUNG_ALL, 0 },
	{ "nft input", NFT_COUNTER, up_nft_input, count_nft_ip, down_nft, RUNG_ALL, 0 },
	{ "iptables INPUT", NFT_COUNTER, up_ipt_input, count_ipt_input, down_ipt_input,
	  RUNG_ALL, 3 },
	{ "nft input, conntrack", NFT_COUNTER, up_nft_conntrack, count_nft_ip, down_nft,
	  RUNG_ALL, 0 },
	{ "socket filter", "Udp InErrors", up_filter, count_filter, close_fd, RUNG_ALL, 0 },
	{ "no listener", "Udp NoPorts", up_nothing, count_no_ports, down_nothing, RUNG_ALL, 0 },
	{ "receive buffer full", "Udp RcvbufErrors", up_full, count_full, close_fd, RUNG_ALL, 0 },
	{ "application discards", "the application's count", up_app, count_app, down_app,
	  RUNG_SOME, 0 },
};

const int nr_rungs = sizeof(rungs) / sizeof(rungs[0]);
