/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What `pktpath bench` can have a program do, a row each: both sides are made from these tables
 * (bpf/bench/program.bpf.c, src/bench/mode.c), and so are help and messages. The column `text` is
 * what people read: it says what becomes of a packet, and must fit on a line of help.
 */
#ifndef PKTPATH_BENCH_MODES_H
#define PKTPATH_BENCH_MODES_H

#define XB_CORES 64	/* that may generate and receive */

/*
 * A mode is what becomes of a packet.
 *
 *	id	 XB_id
 *	word	 as typed, and in JSON
 *	map	 a row of XB_MAPS that it needs, or none
 *	end	 where its packets arrive: a row of src/bench/ends.c. From it follows what it needs
 *		 of the test bed (targets, a sink, another CPU), what is counted, and what it shows
 *	floor	 1: `bench floor` shows it too; it must be cheap to throw away there
 *	verdict	 an expression of C in the BPF program, with `ctx`
 */
#define XB_MODES(M) \
	M(DROP, "drop", none, PROGRAM, 1, XDP_DROP, "dropped") \
	M(PASS, "pass", none, STACK, 1, XDP_PASS, "passed to the stack, where nobody listens") \
	M(TX, "tx", none, BACK, 1, XDP_TX, "sent back to the generator") \
	M(REDIRECT, "redirect", none, SINK, 1, bpf_redirect(cfg.ifindex, 0), \
	  "sent on to another device") \
	M(REDIRECT_MAP, "redirect-map", devs, SINK, 1, bpf_redirect_map(&devs, 0, 0), \
	  "the same, by a map of devices") \
	M(REDIRECT_CPU, "redirect-cpu", cpus, CPU, 0, bpf_redirect_map(&cpus, target_cpu, 0), \
	  "sent to another CPU, where it is dropped") \
	M(REDIRECT_MULTI, "redirect-multi", group, SINKS, 0, \
	  bpf_redirect_map(&group, 0, BPF_F_BROADCAST), "copied to two devices") \
	M(XSK, "xsk", socks, SOCKET, 0, bpf_redirect_map(&socks, ctx->rx_queue_index, 0), \
	  "given to an AF_XDP socket, whose reader discards it")

/* Work is what the program does before that; `what` is a statement of C in the BPF program. */
#define XB_WORKS(W) \
	W(NOTHING, "nothing", none, (void)0, "the default") \
	W(TOUCH, "touch", none, touch(ctx), "reads a byte") \
	W(PARSE, "parse", none, parse(ctx), "Ethernet, IPv4 and UDP") \
	W(COUNT, "count", counter, add_one(), "adds one in an array with an element a CPU") \
	W(CLOCK, "clock", none, USE(bpf_ktime_get_ns()), "reads the clock") \
	W(LOOKUP, "lookup", table, look_up(ctx), "looks its port up in a hash map")

/*
 * Maps that some of them need, made only for these. `fill`: what user space puts there, one of
 * XB_FILL_xxx.
 */
#define XB_MAPS(M) \
	M(counter, PERCPU_ARRAY, 1, __u32, __u64, NOTHING) \
	M(table, HASH, 1024, __u32, __u64, PORTS) \
	M(devs, DEVMAP, 1, __u32, __u32, TARGETS) \
	M(group, DEVMAP, 2, __u32, __u32, TARGETS) \
	M(cpus, CPUMAP, 1024, __u32, struct bpf_cpumap_val, CPU) \
	M(socks, XSKMAP, XB_CORES, __u32, __u32, SOCKETS)

/* Source ports of all flows; devices that are sent to; another CPU; AF_XDP sockets. */
enum xb_fill { XB_FILL_NOTHING, XB_FILL_PORTS, XB_FILL_TARGETS, XB_FILL_CPU, XB_FILL_SOCKETS };

#define XB_ID(id, ...)	   XB_##id,
#define XB_MAP_ID(id, ...) XB_MAP_##id,

enum xb_mode { XB_MODES(XB_ID) XB_USER /* a program of the user's own */, XB_NR_MODES };
enum xb_work { XB_WORKS(XB_ID) XB_NR_WORKS };
enum xb_map { XB_MAP_none, XB_MAPS(XB_MAP_ID) XB_NR_MAPS };

#endif /* PKTPATH_BENCH_MODES_H */
