// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Headers, plain and odd: what a record says of a packet must be what its bytes say, and of one
 * that is cut short, or of which the rest is in a page, nothing that they do not say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "handlers.h"

static void host_emit(void *record)
{
	(void)record;
}

#define IP4(tot, frag, proto) "4500" tot "0007" frag "40" proto "0000" "0a4d0001" "0a4d0002"
#define IP4_OPT(tot, proto) "4600" tot "0007" "0000" "40" proto "0000" "0a4d0001" "0a4d0002" \
			    "01010101"
#define IP6(len, next) "60000000" len next "40" "fd770000000000000000000000000001" \
		       "fd770000000000000000000000000002"
#define UDP "0fa01388" "0010" "0000" "6162636465666768"	/* 16 bytes */
#define TCP "0fa01388" "00000064" "00000001" "5018" "2000" "0000" "0000" "61626364" /* 24 */
#define ECHO "8000" "0000" "0001" "0001"
#define DST(next) next "00" "0104" "00000000"
#define HBH DST
#define ROUTING(next) next "00" "0200" "00000000"
#define FRAG(next, off) next "00" off "00000063"
#define AH(next) next "04" "0000" "00000001" "00000001" "000102030405060708090a0b"
#define MH(next) next "00" "0000" "00000000"

#define P_IP4 0x0800
#define P_IP6 0x86dd

static const struct shape {
	const char *name;
	u16 proto;		/* as the skb has it */
	const char *hex;
	u16 eth;		/* as the record must have it */
	u8 l4;
	int ports;
	u32 data_len;
	u32 flags;
} shapes[] = {
	{ "UDP", P_IP4, IP4("0024", "0000", "11") UDP, P_IP4, 17, 1, 0, 0 },
	{ "TCP", P_IP4, IP4("002c", "0000", "06") TCP, P_IP4, 6, 1, 4, 0 },
	{ "TCP, padded", P_IP4, IP4("0028", "0000", "06") TCP "0000", P_IP4, 6, 1, 0, 0 },
	{ "ICMP", P_IP4, IP4("001c", "0000", "01") ECHO, P_IP4, 1, 0, 0, 0 },
	{ "options", P_IP4, IP4_OPT("0028", "11") UDP, P_IP4, 17, 1, 0, 0 },
	{ "TCP with options", P_IP4, IP4_OPT("0030", "06") TCP, P_IP4, 6, 1, 4, 0 },
	{ "first fragment", P_IP4, IP4("0024", "2000", "11") UDP, P_IP4, 17, 1, 0, PP_F_FRAG },
	{ "other fragment", P_IP4, IP4("0024", "0002", "11") UDP, P_IP4, 17, 0, 0, PP_F_FRAG },
	{ "fragment with options", P_IP4, "4600" "0028" "0007" "0002" "40" "11" "0000" "0a4d0001"
	  "0a4d0002" "01010101" UDP, P_IP4, 17, 0, 0, PP_F_FRAG },
	{ "ESP", P_IP4, IP4("0024", "0000", "32") UDP, P_IP4, 50, 0, 0, PP_F_AGAIN },
	{ "GRE", P_IP4, IP4("0024", "0000", "2f") UDP, P_IP4, 47, 0, 0, PP_F_AGAIN },
	{ "IP without a transport", P_IP4, IP4("0014", "0000", "11"), P_IP4, 17, 0, 0, 0 },
	{ "too short for TCP", P_IP4, IP4("0020", "0000", "06") TCP, P_IP4, 6, 0, 0, 0 },
	{ "too short for UDP", P_IP4, IP4("0018", "0000", "11") UDP, P_IP4, 17, 0, 0, 0 },
	{ "version 5", P_IP4, "5500" "0024" "00070000" "40110000" "0a4d0001" "0a4d0002" UDP,
	  P_IP4, 0, 0, 0, PP_F_NOPARSE },
	{ "a header of 16 bytes", P_IP4, "4400" "0024" "00070000" "40110000" "0a4d0001" "0a4d0002"
	  UDP, P_IP4, 0, 0, 0, PP_F_NOPARSE },
	{ "UDP over IPv6", P_IP6, IP6("0010", "11") UDP, P_IP6, 17, 1, 0, 0 },
	{ "TCP over IPv6", P_IP6, IP6("0018", "06") TCP, P_IP6, 6, 1, 4, 0 },
	{ "ICMPv6", P_IP6, IP6("0008", "3a") ECHO, P_IP6, 58, 0, 0, 0 },
	{ "hop-by-hop", P_IP6, IP6("0018", "00") HBH("11") UDP, P_IP6, 17, 1, 0, 0 },
	{ "destination options", P_IP6, IP6("0018", "3c") DST("11") UDP, P_IP6, 17, 1, 0, 0 },
	{ "TCP behind them", P_IP6, IP6("0020", "3c") DST("06") TCP, P_IP6, 6, 1, 4, 0 },
	{ "echo behind them", P_IP6, IP6("0010", "3c") DST("3a") ECHO, P_IP6, 58, 0, 0, 0 },
	{ "routing", P_IP6, IP6("0018", "2b") ROUTING("11") UDP, P_IP6, 17, 1, 0, 0 },
	{ "AH", P_IP6, IP6("0028", "33") AH("11") UDP, P_IP6, 17, 1, 0, 0 },
	{ "mobility", P_IP6, IP6("0008", "87") MH("3b"), P_IP6, 135, 0, 0, PP_F_AGAIN },
	{ "mobility with data", P_IP6, IP6("0018", "87") MH("11") UDP, P_IP6, 17, 1, 0, 0 },
	{ "all of them", P_IP6, IP6("0040", "00") HBH("3c") DST("2b") ROUTING("33") AH("11") UDP,
	  P_IP6, 17, 1, 0, 0 },
	{ "long options", P_IP6, IP6("0020", "3c") "11010104000000000000000000000000" UDP, P_IP6,
	  17, 1, 0, 0 },
	{ "nothing more", P_IP6, IP6("0008", "3c") DST("3b"), P_IP6, 59, 0, 0, PP_F_AGAIN },
	{ "a fragment", P_IP6, IP6("0018", "2c") FRAG("11", "0001") UDP, P_IP6, 17, 0, 0,
	  PP_F_FRAG },
	{ "a later fragment", P_IP6, IP6("0018", "2c") FRAG("11", "0009") UDP, P_IP6, 17, 0, 0,
	  PP_F_FRAG },
	{ "a fragment behind options", P_IP6, IP6("0028", "00") HBH("2c") FRAG("3c", "0001")
	  DST("11") UDP, P_IP6, 17, 0, 0, PP_F_FRAG },
	{ "a later fragment of options", P_IP6, IP6("0018", "2c") FRAG("3c", "0009") UDP, P_IP6,
	  60, 0, 0, PP_F_FRAG },
	{ "more than are walked", P_IP6, IP6("0058", "3c") DST("3c") DST("3c") DST("3c") DST("3c")
	  DST("3c") DST("3c") DST("3c") DST("3c") DST("11") UDP, P_IP6, 60, 0, 0, PP_F_AGAIN },
	{ "options beyond the end", P_IP6, IP6("0018", "3c") "11ff010400000000" UDP, P_IP6, 17, 0,
	  0, 0 },
	{ "a tag", 0x8100, "00050800" IP4("0024", "0000", "11") UDP, P_IP4, 17, 1, 0, 0 },
	{ "a priority tag", 0x8100, "60000800" IP4("002c", "0000", "06") TCP, P_IP4, 6, 1, 4, 0 },
	{ "two tags", 0x88a8, "0064" "8100" "00050800" IP4("0024", "0000", "11") UDP, P_IP4, 17,
	  1, 0, 0 },
	{ "a tag and IPv6 with options", 0x8100, "000586dd" IP6("0018", "3c") DST("11") UDP,
	  P_IP6, 17, 1, 0, 0 },
	{ "a tag and ARP", 0x8100, "00050806" "0001080006040001", 0x0806, 0, 0, 0, 0 },
	{ "a tag and a length", 0x8100, "00050010" "424203", 0x0004, 0, 0, 0, 0 },
	{ "tags only", 0x8100, "00058100" "00068100" "0007", 0x8100, 0, 0, 0, 0 },
	{ "a label", 0x8847, "00010140" IP4("0024", "0000", "11") UDP, P_IP4, 17, 1, 0, 0 },
	{ "three labels", 0x8847, "00010040" "00020040" "00030140" IP6("0018", "06") TCP, P_IP6,
	  6, 1, 4, 0 },
	{ "a label and no IP", 0x8848, "00010140" "00000000", 0x8848, 0, 0, 0, 0 },
	{ "a tag and a label", 0x8100, "00058847" "00010140" IP4("0024", "0000", "11") UDP, P_IP4,
	  17, 1, 0, 0 },
	{ "PPPoE", 0x8864, "11000001" "0026" "0021" IP4("0024", "0000", "11") UDP, P_IP4, 17, 1,
	  0, 0 },
	{ "PPPoE and IPv6", 0x8864, "11000001" "003a" "0057" IP6("0018", "06") TCP, P_IP6, 6, 1,
	  4, 0 },
	{ "PPPoE and LCP", 0x8864, "11000001" "0026" "c021" "09000008", 0x8864, 0, 0, 0, 0 },
	{ "LLDP", 0x88cc, "0207040102030405", 0x88cc, 0, 0, 0, 0 },
};

#define NR (int)(sizeof(shapes) / sizeof(shapes[0]))
#define SLACK 64	/* fixed sizes are read, beyond the packet's end too */

static u8 bytes[512];
static struct sk_buff skb;
static struct pp_rec rec;

/* The packet's bytes; behind it there is what looks like ports. */
static u32 lay_out(const struct shape *s)
{
	u32 n = strlen(s->hex) / 2;

	memset(bytes, 0xaa, sizeof(bytes));
	assert_true(n + SLACK < sizeof(bytes));
	for (u32 i = 0; i < n; i++) {
		char digits[3] = { s->hex[2 * i], s->hex[2 * i + 1] };

		bytes[i] = strtoul(digits, NULL, 16);
	}
	return n;
}

static void read_as(u16 proto, u32 len, u32 paged)
{
	struct pp_head hd;

	memset(&rec, 0, sizeof(rec));
	skb = (struct sk_buff){ .protocol = bpf_ntohs(proto), .head = bytes, .data = bytes,
				.len = len, .data_len = paged };
	read_head(1, &skb, 0, &hd);
	parse(&rec, &hd);
}

static void check_whole(const struct shape *s)
{
	const u32 of_tcp = s->ports && s->l4 == 6;

	if (rec.eth_proto != s->eth || rec.l4_proto != s->l4 || rec.flags != s->flags ||
	    rec.sport != (s->ports ? bpf_ntohs(4000) : 0) ||
	    rec.dport != (s->ports ? bpf_ntohs(5000) : 0) || rec.data_len != s->data_len ||
	    rec.end_seq != (of_tcp ? 100 + s->data_len : 0))
		fail_msg("%s: eth %x l4 %u ports %u %u flags %x data %u seq %u", s->name,
			 rec.eth_proto, rec.l4_proto, bpf_ntohs(rec.sport), bpf_ntohs(rec.dport),
			 rec.flags, rec.data_len, rec.end_seq);
}

static void check_addresses(const struct shape *s, int may_lack)
{
	static const u8 v4[4] = { 10, 77, 0, 1 }, v6[16] = { 0xfd, 0x77, [15] = 1 }, none[16];
	const u8 *want = s->eth == P_IP6 ? v6 : v4;
	size_t size = s->eth == P_IP6 ? 16 : 4;

	if (may_lack && !memcmp(rec.saddr, none, 16))
		return;
	if (s->l4 && memcmp(rec.saddr, want, size))
		fail_msg("%s: another address", s->name);
}

static void test_shapes(void **state)
{
	for (int i = 0; i < NR; i++) {
		read_as(shapes[i].proto, lay_out(&shapes[i]), 0);
		check_whole(&shapes[i]);
		check_addresses(&shapes[i], 0);
	}
	print_message("%d shapes\n", NR);
}

/* Nothing is told that the bytes do not say. */
static void check_part(const struct shape *s, u32 len, const char *how)
{
	const int ports = rec.sport || rec.dport;

	if (ports && (!s->ports || rec.sport != bpf_ntohs(4000) || rec.dport != bpf_ntohs(5000)))
		fail_msg("%s, %s at %u: ports %u %u", s->name, how, len, bpf_ntohs(rec.sport),
			 bpf_ntohs(rec.dport));
	if (rec.eth_proto == s->eth && rec.l4_proto && rec.l4_proto != s->l4 &&
	    !is_extension(rec.l4_proto))
		fail_msg("%s, %s at %u: protocol %u", s->name, how, len, rec.l4_proto);
	if (rec.flags & PP_F_NOPARSE && (ports || rec.l4_proto))
		fail_msg("%s, %s at %u: read, and not", s->name, how, len);
	check_addresses(s, 1);
}

static void test_cut_short(void **state)
{
	for (int i = 0; i < NR; i++) {
		u32 n = lay_out(&shapes[i]);

		for (u32 len = 0; len < n; len++) {
			memset(bytes + len, 0xaa, n - len);
			lay_out(&shapes[i]);
			memset(bytes + len, 0xaa, n - len);
			read_as(shapes[i].proto, len, 0);
			check_part(&shapes[i], len, "cut");
		}
	}
}

/* The rest is in a page: it is read later, so a record that tells less must say so. */
static void test_rest_in_a_page(void **state)
{
	for (int i = 0; i < NR; i++) {
		const struct shape *s = &shapes[i];
		u32 n = lay_out(s);

		for (u32 linear = 0; linear < n; linear++) {
			lay_out(s);
			memset(bytes + linear, 0xaa, n - linear);
			read_as(s->proto, n, n - linear);
			check_part(s, linear, "linear");
			if (!(rec.flags & PP_F_NOPARSE) && (s->ports || rec.eth_proto != s->eth) &&
			    (rec.eth_proto != s->eth || (s->ports && !rec.sport)))
				fail_msg("%s, linear to %u: not told that it is not read", s->name,
					 linear);
		}
	}
}

/* BIG TCP: more than the header can tell, so it tells 0 (IPv4), or has a jumbo option (IPv6). */
static void test_big_tcp(void **state)
{
	static const struct shape big[] = {
		{ "IPv4", P_IP4, IP4("0000", "4000", "06") TCP, P_IP4, 6, 1, 100000 - 40, 0 },
		{ "IPv6", P_IP6, IP6("0000", "06") TCP, P_IP6, 6, 1, 100000 - 60, 0 },
		{ "jumbo", P_IP6, IP6("0000", "00") "0600c20400018678" TCP, P_IP6, 6, 1,
		  100000 - 68, 0 },
	};

	for (int i = 0; i < 3; i++) {
		u32 n = lay_out(&big[i]);

		read_as(big[i].proto, 100000, 100000 - n);
		check_whole(&big[i]);
	}
}

/* Whatever the bytes are, and however long: the sanitizers watch. */
static void test_noise(void **state)
{
	static const u16 protos[] = { 0x0800, 0x86dd, 0x8100, 0x88a8, 0x8847, 0x8864, 0x1234 };
	u32 x = 20261130;

	for (int n = 0; n < 200000; n++) {
		u32 len, paged;

		for (u32 i = 0; i < 200; i += 4) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			memcpy(bytes + i, &x, 4);
		}
		if (x & 1)
			bytes[0] = x & 2 ? 0x45 : 0x60;
		len = (x >> 8) % 200;
		paged = x & 4 ? (x >> 16) % (len + 1) : 0;
		read_as(protos[(x >> 3) % 7], len, paged);
	}
}

/* A NIC that takes the tag out of the frame: it was on the wire. */
static void test_stripped_tag(void **state)
{
	for (int present = 0; present < 2; present++) {
		skb = (struct sk_buff){ .vlan_proto = bpf_ntohs(0x8100), .vlan_present = present };
		assert_int_equal(stripped_tag(1, &skb), 4 * present);
	}
	skb = (struct sk_buff){ .vlan_present = 0 };
	assert_int_equal(stripped_tag(1, &skb), 0);
}

/* --- headers that have become others --- */

static const struct shape *shape(const char *name)
{
	for (int i = 0; i < NR; i++)
		if (!strcmp(shapes[i].name, name))
			return &shapes[i];
	abort();
}

/* A record of a packet as it came, whose skb then has these headers instead. */
static struct pp_rec *became(const char *came, const char *is)
{
	const struct shape *s = shape(came);

	read_as(s->proto, lay_out(s), 0);
	slab_data[0] = rec;
	slab_data[0].skb = (u64)&skb;
	slab_data[0].self = 1;
	s = shape(is);
	skb.len = lay_out(s);
	skb.protocol = bpf_ntohs(s->proto);
	return &slab_data[0];
}

/* ESP is decrypted: its transport shows. */
static void test_decrypted(void **state)
{
	struct pp_rec *r = became("ESP", "TCP");

	pp_look_again(1, 0);
	rec = *r;
	check_whole(shape("TCP"));
}

/* What nobody marked is not read again, unless it comes out of a tunnel. */
static void test_out_of_a_tunnel(void **state)
{
	struct pp_rec *r = became("UDP", "a tag and ARP");

	pp_look_again(1, 0);
	assert_int_equal(r->dport, bpf_ntohs(5000));
	pp_look_again(1, 1);
	rec = *r;
	check_whole(shape("a tag and ARP"));
	assert_int_equal(r->saddr[0], 0);
}

/* Conntrack: the wire's flow stays, and the other one is beside it, if it differs. */
static void test_translated(void **state)
{
	struct pp_rec *r = became("UDP", "UDP");
	struct nf_conn ct __attribute__((aligned(8))) = { .status = IPS_DST_NAT };

	skb._nfct = (unsigned long)&ct | 2;
	pp_look_again(1, 0);
	assert_false(r->flags & PP_F_NAT);
	bytes[19] = 9;				/* 10.77.0.9 … */
	*(u16 *)&bytes[IP4_LEN + 2] = bpf_ntohs(8888);	/* … port 8888 */
	ct.status = 0;
	pp_look_again(1, 0);
	assert_false(r->flags & PP_F_NAT);
	ct.status = IPS_DST_NAT;
	pp_look_again(1, 0);
	assert_true(r->flags & PP_F_NAT);
	assert_int_equal(r->dport, bpf_ntohs(5000));
	assert_int_equal(r->daddr[3], 2);
	assert_int_equal(r->nat.dport, bpf_ntohs(8888));
	assert_int_equal(r->nat.sport, bpf_ntohs(4000));
	assert_int_equal(r->nat.daddr[3], 9);
}

static int setup(void **state)
{
	host_reset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_shapes, setup),
		cmocka_unit_test_setup(test_cut_short, setup),
		cmocka_unit_test_setup(test_rest_in_a_page, setup),
		cmocka_unit_test_setup(test_big_tcp, setup),
		cmocka_unit_test_setup(test_noise, setup),
		cmocka_unit_test_setup(test_stripped_tag, setup),
		cmocka_unit_test_setup(test_decrypted, setup),
		cmocka_unit_test_setup(test_out_of_a_tunnel, setup),
		cmocka_unit_test_setup(test_translated, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
