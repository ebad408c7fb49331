// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include "bench/outside_show.h"
#include "bench/show_json.h"
#include "bench/show_text.h"
#include "text/line.h"

static void sent_text(const struct outside_result *r)
{
	char buf[96];

	if (!r->sends)
		return;
	if (r->sent)
		printf("sent on      %s\n", text_rate(buf, &r->sent_pps));
	printf("             %llu taken by a driver, %llu refused by it, %llu failed\n",
	       (unsigned long long)r->sent,
	       (unsigned long long)r->lost.refused,
	       (unsigned long long)r->lost.failed);
}

static int outside_text(const struct outside_result *r)
{
	char buf[96];

	printf("%s on %s (%s), %s XDP, traffic from outside\n\n", r->b->o.specs[0].label,
	       r->b->o.ifname, *r->driver ? r->driver : "unknown driver",
	       r->b->o.generic ? "generic" : "native");
	if (r->seen) {
		printf("seen         %s over %.1f s\n", text_rate(buf, &r->seen_pps), r->seconds);
		sent_text(r);
		printf("softirq      %s ns a packet, of all CPUs\n",
		       text_estimate(buf, &r->softirq, 1, 1));
	}
	printf("device       %llu packets received, %llu dropped, %llu missed\n",
	       (unsigned long long)(r->after.rx_packets - r->before.rx_packets),
	       (unsigned long long)(r->after.rx_dropped - r->before.rx_dropped),
	       (unsigned long long)(r->after.rx_missed - r->before.rx_missed));
	printf("             how many were sent, and when, is not known: no books, no latency\n");
	text_cpus(r->use, r->nr_use);
	text_env(&r->b->machine);
	return file_flush(stdout);
}

/* "sent": null of what sends nothing on. */
static void sent_json(const struct outside_result *r, yyjson_mut_doc *d,
		      yyjson_mut_val *root)
{
	yyjson_mut_val *sent;

	if (!r->sends) {
		yyjson_mut_obj_add_null(d, root, "sent");
		return;
	}
	sent = yyjson_mut_obj_add_obj(d, root, "sent");
	yyjson_mut_obj_add_uint(d, sent, "taken", r->sent);
	yyjson_mut_obj_add_uint(d, sent, "refused", r->lost.refused);
	yyjson_mut_obj_add_uint(d, sent, "failed", r->lost.failed);
	json_estimate(d, sent, "taken_pps", &r->sent_pps);
}

static int outside_json(const struct outside_result *r)
{
	yyjson_mut_doc *d = json_begin(r->b, "outside");
	yyjson_mut_val *root = d ? yyjson_mut_doc_get_root(d) : NULL;

	if (root) {
		yyjson_mut_obj_add_strcpy(d, root, "program", r->b->o.specs[0].label);
		yyjson_mut_obj_add_strcpy(d, root, "driver", r->driver);
		json_no_rate(d, root, r->no_rate);
		yyjson_mut_obj_add_real(d, root, "seconds", r->seconds);
		yyjson_mut_obj_add_uint(d, root, "seen", r->seen);
		json_estimate(d, root, "seen_pps", &r->seen_pps);
		sent_json(r, d, root);
		json_estimate(d, root, "softirq_ns", &r->softirq);
		yyjson_mut_obj_add_uint(d, root, "device_received",
					r->after.rx_packets - r->before.rx_packets);
		yyjson_mut_obj_add_uint(d, root, "device_dropped",
					r->after.rx_dropped - r->before.rx_dropped);
		yyjson_mut_obj_add_uint(d, root, "device_missed",
					r->after.rx_missed - r->before.rx_missed);
		json_cpus(d, root, r->use, r->nr_use);
	}
	return json_end(d);
}

int outside_show(const struct outside_result *r)
{
	return r->b->o.json ? outside_json(r) : outside_text(r);
}
