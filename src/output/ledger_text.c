// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include "model/labels.h"
#include "output/ledger_text.h"
#include "output/record_text.h"
#include "text/line.h"

#define INDENT	      12	/* column of the text after a row's name or number */
#define WIDTH_DEFAULT 100

/* A paragraph that wraps between its items. */
struct para {
	const struct sink_env *env;
	struct line line;
	int items, err;
};

static void para_flush(struct para *p)
{
	if (!p->err)
		p->err = line_write(&p->line, p->env->err);
	line_start(&p->line);
}

/* Begins a row: its name, and room for items to the right of it. */
static void para_start(struct para *p, enum style style, const char *name)
{
	p->items = 0;
	line_start(&p->line);
	line_right(&p->line, INDENT - 1, style, name);
	line_add(&p->line, PLAIN, " ");
}

/* Adds `text` after `sep`, on a new line if it would not fit. */
static void para_add(struct para *p, const char *sep, const char *text)
{
	int width = p->env->width ? p->env->width : WIDTH_DEFAULT;
	int need = text_cols(text) + text_cols(sep);

	if (p->items++) {
		line_add(&p->line, DIM, sep);
		if (p->line.cols + need > width) {
			para_flush(p);
			line_to(&p->line, INDENT);
		} else if (*sep) {
			line_add(&p->line, PLAIN, " ");
		}
	}
	line_add(&p->line, PLAIN, text);
}

static void para_words(struct para *p, const char *text)
{
	char word[FMT_TEXT_MAX];

	for (size_t n; *text; text += n + strspn(text + n, " ")) {
		n = strcspn(text, " ");
		snprintf(word, sizeof(word), "%.*s", (int)n, text);
		if (p->items)
			line_add(&p->line, PLAIN, " ");
		para_add(p, "", word);
	}
}

/* "     997 delivered   99.7%" */
static void add_share(struct para *p, enum style style, uint64_t n, const char *what,
		      uint64_t all)
{
	char buf[FMT_MAX];

	para_start(p, n ? BOLD : DIM, fmt_count(buf, n));
	line_add(&p->line, n ? style : DIM, what);
	if (!n || !all)
		return;
	snprintf(buf, sizeof(buf), "%.1f%%", 100.0 * (double)n / (double)all);
	/* One packet in a million is more than none, and all but one is less than all. */
	if (n != all && !strcmp(buf, "100.0%"))
		strcpy(buf, ">99.9%");
	if (!strcmp(buf, "0.0%"))
		strcpy(buf, "<0.1%");
	line_add(&p->line, PLAIN, " ");
	line_right(&p->line, INDENT + 17, PLAIN, buf);
}

/* "   3 stale, 1 missed end": the parts of a row, by label, in the row. */
static void add_parts(struct para *p, const __u64 *n, unsigned int nr,
		      const char *(*label)(unsigned int), const char *prep, const char *gap)
{
	char buf[FMT_MAX], item[2 * FMT_TEXT_MAX];

	for (unsigned int i = 0; i < nr; i++) {
		if (!n[i])
			continue;
		if (!p->items)
			line_add(&p->line, PLAIN, gap);
		snprintf(item, sizeof(item), "%s%s%s", fmt_count(buf, n[i]), prep, label(i));
		para_add(p, ",", item);
	}
}

static void print_verdicts(struct para *p, const struct ledger *led)
{
	uint64_t all = led->in_flight;

	for (int v = PP_V_LIVE + 1; v < PP_V_NR; v++)
		all += led->n.verdict[v];
	for (int v = PP_V_LIVE + 1; v < PP_V_NR; v++) {
		bool main_row = v == PP_V_DELIVERED || v == PP_V_CONSUMED || v == PP_V_DROPPED;

		if (!led->n.verdict[v] && !main_row)
			continue;
		add_share(p, record_text_verdict_style(v), led->n.verdict[v], verdict_label(v),
			  all);
		if (v == PP_V_UNTRACKED)
			add_parts(p, led->n.loss, PP_L_NR, loss_label, " ", "   ");
		para_flush(p);
	}
	add_share(p, PLAIN, led->in_flight, "in flight", all);
	add_parts(p, led->in_flight_at, PP_ST_NR, stage_label, " at ", "   ");
	para_flush(p);
}

static void print_coverage(struct para *p, const struct ledger *led)
{
	char buf[FMT_MAX];

	if (!led->n.seen)
		return;
	/* Less than all must not be rounded up to it. */
	snprintf(buf, sizeof(buf), "%.2f%%", led->coverage);
	if (led->coverage < 100 && led->coverage > 99.99)
		strcpy(buf, ">99.99%");
	para_start(p, DIM, "coverage");
	line_addf(&p->line, led->coverage < 100 ? YELLOW : BOLD, "%s", buf);
	line_add(&p->line, PLAIN, " of the packets have a full record");
	para_flush(p);
}

/* A row that is there only if something went wrong. */
static void print_loss(struct para *p, uint64_t n, const char *name, const char *noun,
		       const char *text)
{
	char buf[FMT_MAX];

	if (!n)
		return;
	para_start(p, DIM, name);
	line_addf(&p->line, YELLOW, "%s %s%s", fmt_count(buf, n), noun, n == 1 ? "" : "s");
	p->items = 1;
	para_words(p, text);
	para_flush(p);
}

/* Delivered packets whose path has a hole where there is a hook: the kernel skipped its run. */
static void print_absent(struct para *p, const struct ledger *led)
{
	para_start(p, DIM, "holes");
	line_add(&p->line, PLAIN, "delivered packets lack a stage that has a hook:");
	add_parts(p, led->absent, PP_ST_NR, stage_label, " at ", " ");
	if (p->items)
		para_flush(p);
}

/* Packets that the user left out, or that are counted twice: no loss, but part of the sums. */
static void print_choice(struct para *p, uint64_t n, const char *name, const char *text)
{
	char buf[FMT_MAX];

	if (!n)
		return;
	para_start(p, DIM, name);
	line_add(&p->line, PLAIN, fmt_count(buf, n));
	p->items = 1;
	para_words(p, text);
	para_flush(p);
}

/* --slow: how many there were, even if none. */
static void print_slow(struct para *p, const struct ledger *led)
{
	char buf[FMT_MAX];

	para_start(p, DIM, "slow");
	line_addf(&p->line, led->slow ? BOLD : PLAIN, "%s", fmt_count(buf, led->slow));
	p->items = 1;
	para_words(p, "of the packets seen took longer than --slow");
	para_flush(p);
}

static void print_choices(struct para *p, const struct ledger *led)
{
	if (led->slow_only)
		print_slow(p, led);
	print_choice(p, led->n.clones, "copies",
		     "of packets for further receivers: records of their own, not counted as seen");
	print_choice(p, led->n.sampled_out, "left out", "packets by --sample: not counted as seen");
	print_choice(p, led->n.filtered, "others",
		     "records of readers not asked for: counted above, but not shown");
}

/* In percent, with more digits for smaller shares. */
static const char *percent(char buf[FMT_MAX], double share)
{
	snprintf(buf, FMT_MAX, share < 0.0095 ? "%.2f%%" : share < 0.095 ? "%.1f%%" : "%.0f%%",
		 100 * share);
	return buf;
}

static void print_budget(struct para *p, const struct cost_figures *c)
{
	char item[2 * FMT_TEXT_MAX], a[FMT_MAX], b[FMT_MAX], n[FMT_MAX];

	if (!c->budget)
		return;
	para_start(p, c->over ? YELLOW : DIM, "budget");
	snprintf(item, sizeof(item), "%s of a CPU %s: ", percent(a, c->budget),
		 c->over ? "exceeded" : "kept");
	para_words(p, item);
	if (c->least < 1)
		snprintf(item, sizeof(item), "follows %s of the packets, at times %s",
			 percent(b, c->share), percent(n, c->least));
	else
		snprintf(item, sizeof(item), "follows all packets");
	para_words(p, item);
	para_flush(p);
}

static void print_cost(struct para *p, const struct cost_figures *c)
{
	char item[2 * FMT_TEXT_MAX], t[FMT_MAX], a[FMT_MAX], b[FMT_MAX];

	if (c->known) {
		para_start(p, DIM, "cost");
		if (c->each)
			snprintf(item, sizeof(item), "%s a packet in %.1f programs, ",
				 line_duration(t, &p->line, (uint64_t)c->packet_ns, true),
				 c->packet_runs);
		else
			snprintf(item, sizeof(item), "of a packet: not told below %d a second; ",
				 COST_RATE);
		snprintf(item + strlen(item), sizeof(item) - strlen(item),
			 "%s of a CPU; pktpath itself %s", percent(a, c->cpu),
			 percent(b, c->own_cpu));
		para_words(p, item);
		para_flush(p);
	}
	print_budget(p, c);
}

static void print_losses(struct para *p, const struct ledger *led)
{
	print_absent(p, led);
	print_loss(p, led->n.ring_lost, "not shown", "record",
		   "lost to a full ring buffer: counted above, but not shown");
	print_loss(p, led->n.inversions, "clock", "stamp",
		   "earlier than the one before, and set to it");
	print_loss(p, led->n.unsorted, "unsorted", "segment",
		   "queued out of order on a socket: the read shown may be late");
	print_loss(p, led->n.napi_full, "no cause", "poll",
		   "of more NAPI instances at once than there is room for");
	print_loss(p, led->time_squeeze, "squeezed", "time",
		   "NET_RX stopped with work left, on any interface: its budget or "
		   "its time was over");
	print_loss(p, led->backlog_drops, "backlog", "packet",
		   "of any interface dropped, because a CPU's backlog was full");
}

static const char *hook_name(char buf[FMT_TEXT_MAX], const struct hook_report *h)
{
	return fmt_clean(buf, h->hook[0] ? h->hook : h->role, FMT_TEXT_MAX);
}

static const char *const separators[] = { " ·", "," };	/* by env->ascii */

/* A row per backend: "     fentry irq e1000_intr · napi __napi_schedule, __napi_schedule_irqoff" */
static void print_backend(struct para *p, const struct ledger *led, const char *backend)
{
	char item[3 * FMT_TEXT_MAX], name[FMT_TEXT_MAX];
	const char *role = "";

	para_start(p, DIM, backend);
	for (int i = 0; i < led->nr_hooks; i++) {
		const struct hook_report *h = &led->hooks[i];
		bool again = !strcmp(role, h->role);

		if (!hook_report_served(h) || strcmp(h->backend, backend) != 0)
			continue;
		snprintf(item, sizeof(item), "%s%s%s", again ? "" : h->role, again ? "" : " ",
			 hook_name(name, h));
		para_add(p, again ? "," : separators[p->env->ascii], item);
		role = h->role;
	}
	para_flush(p);
}

static bool first_of_backend(const struct ledger *led, int i)
{
	for (int k = 0; k < i; k++)
		if (hook_report_served(&led->hooks[k]) &&
		    !strcmp(led->hooks[k].backend, led->hooks[i].backend))
			return false;
	return hook_report_served(&led->hooks[i]);
}

/* Stages without a hook; those with the same reason share a row. */
static void print_missing(struct para *p, const struct ledger *led, int i)
{
	const struct hook_report *h = &led->hooks[i];

	for (int k = 0; k < i; k++)
		if (!hook_report_served(&led->hooks[k]) && !strcmp(led->hooks[k].why, h->why))
			return;
	para_start(p, YELLOW, "no hook");
	para_add(p, "", "for");
	for (int k = i; k < led->nr_hooks; k++) {
		if (hook_report_served(&led->hooks[k]) || strcmp(led->hooks[k].why, h->why) != 0)
			continue;
		line_add(&p->line, PLAIN, k == i ? " " : ", ");
		para_add(p, "", led->hooks[k].role);
	}
	if (h->why[0]) {
		line_add(&p->line, PLAIN, ":");
		para_words(p, h->why);
	}
	para_flush(p);
}

static void print_hooks(struct para *p, const struct ledger *led)
{
	for (int i = 0; i < led->nr_hooks; i++)
		if (first_of_backend(led, i))
			print_backend(p, led, led->hooks[i].backend);
	for (int i = 0; i < led->nr_hooks; i++)
		if (!hook_report_served(&led->hooks[i]))
			print_missing(p, led, i);
}

/* Nothing else reports runs that the kernel skipped, so say it if they are not known, too. */
static void print_missed(struct para *p, const struct ledger *led)
{
	char item[2 * FMT_TEXT_MAX], name[FMT_TEXT_MAX], buf[FMT_MAX];
	int unknown = 0, hooks = 0;

	para_start(p, DIM, "skipped");
	for (int i = 0; i < led->nr_hooks; i++) {
		const struct hook_report *h = &led->hooks[i];

		if (!hook_report_served(h))
			continue;
		hooks++;
		unknown += h->missed < 0;
		if (h->missed <= 0)
			continue;
		snprintf(item, sizeof(item), "%s run%s of %s", fmt_count(buf, h->missed),
			 h->missed == 1 ? "" : "s", hook_name(name, h));
		para_add(p, ",", item);
	}
	if (p->items)
		para_words(p, "by the kernel");
	else if (hooks && unknown == hooks)
		para_words(p, "unknown: this kernel does not say how many runs it skipped");
	if (p->items)
		para_flush(p);
}

int ledger_text(const struct sink_env *env, const struct ledger *led)
{
	struct para p = { .env = env };
	char n[FMT_MAX], t[FMT_MAX];

	p.line.colour = env->colour;
	p.line.ascii = env->ascii;
	line_start(&p.line);
	line_addf(&p.line, BOLD, "%s packet%s seen in %s:", fmt_count(n, led->n.seen),
		  led->n.seen == 1 ? "" : "s", line_duration(t, &p.line, led->duration_ns, true));
	para_flush(&p);
	print_verdicts(&p, led);
	print_coverage(&p, led);
	print_choices(&p, led);
	print_cost(&p, &led->cost);
	print_losses(&p, led);
	print_missed(&p, led);
	if (!env->quiet)
		print_hooks(&p, led);
	if (!led->balanced && !led->so_far) {
		line_start(&p.line);
		line_add(&p.line, RED, "THE LEDGER DOES NOT BALANCE: packets seen differ from "
			 "verdicts + in flight. This is a bug.");
		para_flush(&p);
	}
	return p.err ? p.err : file_flush(env->err);
}
