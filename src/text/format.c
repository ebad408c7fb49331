// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "text/format.h"

#define NS_PER_S   1000000000ull
#define NS_PER_DAY (86400 * NS_PER_S)

const char *fmt_error(char buf[FMT_MAX], int err)
{
	const char *name = strerrorname_np(err);

	if (name)
		snprintf(buf, FMT_MAX, "%s", name);
	else
		snprintf(buf, FMT_MAX, "error %d", err);
	return buf;
}

/* n / d, rounded to nearest, halves up, without overflow. */
static uint64_t div_round(uint64_t n, uint64_t d)
{
	return n / d + (n % d >= d - d / 2);
}

/* Three digits of ns / unit, or false if that takes `max` or more. */
static bool three_digits(char buf[FMT_MAX], uint64_t ns, uint64_t unit, unsigned int max)
{
	uint64_t h = div_round(ns, unit / 100), t = div_round(ns, unit / 10);
	uint64_t n = div_round(ns, unit);

	if (h < 1000)
		snprintf(buf, FMT_MAX, "%u.%02u", (unsigned int)h / 100, (unsigned int)h % 100);
	else if (t < 1000)
		snprintf(buf, FMT_MAX, "%u.%u", (unsigned int)t / 10, (unsigned int)t % 10);
	else if (n < max)
		snprintf(buf, FMT_MAX, "%u", (unsigned int)n);
	else
		return false;
	return true;
}

const char *fmt_duration(char buf[FMT_MAX], uint64_t ns, unsigned int flags)
{
	const char *const s = flags & FMT_LONG ? "s" : "";
	/* No minutes: their 'm' is taken. Only a broken clock takes days. */
	const struct {
		uint64_t unit;
		unsigned int max;
		const char *prefix, *suffix;
	} form[] = {
		{ 1000, 1000, flags & FMT_ASCII ? "u" : "µ", s },
		{ NS_PER_S / 1000, 1000, "m", s },
		{ NS_PER_S, 10000, "s", "" },
		{ 3600 * NS_PER_S, 1000, "h", "" },
		{ NS_PER_DAY, 1000, "d", "" },
		{ 365 * NS_PER_DAY, 1000, "y", "" },
	};
	size_t i = 0;

	if (ns < 1000) {
		snprintf(buf, FMT_MAX, "%un%s", (unsigned int)ns, s);
		return buf;
	}
	while (!three_digits(buf, ns, form[i].unit, form[i].max))
		i++;
	snprintf(buf + strlen(buf), 8, "%s%s", form[i].prefix, form[i].suffix);
	return buf;
}

const char *fmt_axis(char buf[FMT_MAX], uint64_t ns, unsigned int flags)
{
	const char *const micro = flags & FMT_ASCII ? "u" : "µ";
	const char *const unit[] = { "n", micro, "m", "s" };
	size_t i = 0;

	for (; ns >= 1000 && i < 3; i++)
		ns /= 1000;
	snprintf(buf, FMT_MAX, "%llu%s", (unsigned long long)ns, unit[i]);
	return buf;
}

const char *fmt_count(char buf[FMT_MAX], uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), o = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[o++] = ',';
		buf[o++] = digits[i];
	}
	buf[o] = '\0';
	return buf;
}

const char *fmt_clock(char buf[FMT_MAX], uint64_t wall_ns, bool utc, int digits)
{
	time_t s = (time_t)(wall_ns / NS_PER_S);
	unsigned int ns = wall_ns % NS_PER_S;
	struct tm tm = { 0 };

	if (utc)
		gmtime_r(&s, &tm);
	else
		localtime_r(&s, &tm);
	strftime(buf, 9, "%H:%M:%S", &tm);
	snprintf(buf + 8, FMT_MAX - 8, ".%09u", ns);
	buf[digits ? 9 + digits : 8] = '\0';
	return buf;
}

const char *fmt_proto(char buf[FMT_MAX], const struct pp_rec *rec)
{
	bool v4 = rec->eth_proto == ETH_P_IP, v6 = rec->eth_proto == ETH_P_IPV6;

	if (rec->eth_proto == ETH_P_ARP)
		return "arp";
	if (!v4 && !v6) {
		snprintf(buf, FMT_MAX, "eth:0x%04x", rec->eth_proto);
		return buf;
	}
	if (rec->flags & PP_F_NOPARSE && !rec->l4_proto)
		return v4 ? "ip" : "ip6";
	switch (rec->l4_proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmp6";
	}
	snprintf(buf, FMT_MAX, "ip:%u", rec->l4_proto);
	return buf;
}

const char *fmt_tcp_flags(char buf[FMT_MAX], uint8_t flags)
{
	static const struct {
		uint8_t bit;
		char c;
	} names[] = {
		{ 0x01, 'F' }, { 0x02, 'S' }, { 0x04, 'R' }, { 0x08, 'P' },
		{ 0x20, 'U' }, { 0x40, 'E' }, { 0x80, 'W' }, { 0x10, '.' },
	};
	int n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bit)
			buf[n++] = names[i].c;
	buf[n] = '\0';
	return n ? buf : "none";
}

bool fmt_has_addr(const struct pp_rec *rec)
{
	static const uint8_t none[4];

	if (rec->flags & PP_F_NOPARSE)
		return false;
	/* ARP's addresses are extra: the record may come from where they are not read. */
	if (rec->eth_proto == ETH_P_ARP)
		return memcmp(rec->saddr, none, 4) != 0 || memcmp(rec->daddr, none, 4) != 0;
	return rec->eth_proto == ETH_P_IP || rec->eth_proto == ETH_P_IPV6;
}

bool fmt_has_ports(const struct pp_rec *rec)
{
	return fmt_has_addr(rec) && rec->eth_proto != ETH_P_ARP && (rec->sport || rec->dport) &&
	       (rec->l4_proto == IPPROTO_TCP || rec->l4_proto == IPPROTO_UDP);
}

const char *fmt_addr(char buf[FMT_ADDR_MAX], const struct pp_rec *rec, const uint8_t addr[16])
{
	int family = rec->eth_proto == ETH_P_IPV6 ? AF_INET6 : AF_INET;

	buf[0] = '\0';
	if (fmt_has_addr(rec))
		inet_ntop(family, addr, buf, FMT_ADDR_MAX);
	return buf;
}

/* Bytes of the UTF-8 sequence at `s`, 0 if it is none; shortest form, no surrogates. */
static size_t utf8_len(const unsigned char *s, size_t max)
{
	unsigned int c = s[0], min;
	size_t n;

	if (c >= 0xc2 && c < 0xe0)
		n = 2, c &= 0x1f, min = 0x80;
	else if (c >= 0xe0 && c < 0xf0)
		n = 3, c &= 0x0f, min = 0x800;
	else if (c >= 0xf0 && c < 0xf5)
		n = 4, c &= 0x07, min = 0x10000;
	else
		return 0;
	if (n > max)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* U+0080..9f are control characters: some terminals obey them. */
	if (c < min || c < 0xa0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return n;
}

const char *fmt_clean(char buf[FMT_TEXT_MAX], const char *name, size_t max)
{
	const unsigned char *s = (const unsigned char *)name;
	size_t left = strnlen(name, max), o = 0;

	while (left && o + 5 < FMT_TEXT_MAX) {
		size_t n = *s >= 0x20 && *s < 0x7f ? 1 : utf8_len(s, left);

		if (n)
			memcpy(buf + o, s, n);
		else
			buf[o] = '?', n = 1;
		s += n, o += n, left -= n;
	}
	buf[o] = '\0';
	return buf;
}
