// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath serve: metrics for Prometheus, until it is told to end. */
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "serve/serve.h"

/* Before --netns is entered: the endpoint belongs where the command was given. */
static int finish(void *opts)
{
	struct serve_opts *so = opts;

	if (listen_parse(so->listen, &so->addr) || listen_socket(&so->addr))
		return -1;
	return finish_run(&so->o);
}

static int run(int argc, char **argv)
{
	struct serve_opts so = { 0 };
	int ret = opts_parse(&cmd_serve, argc, argv, &so);

	return ret == OPTS_READ ? serve_run(&so) : ret;
}

const struct command cmd_serve = {
	.name = "serve",
	.bit = CMD_SERVE,
	.summary = "serve histograms and counters to Prometheus over HTTP",
	.doc = "Serve histograms of all stages, verdicts, drops by reason and losses as metrics "
	       "over HTTP, for Prometheus and the like. Durations are counted in the kernel; only "
	       "drops are sent to user space. Once attached, it goes on without privileges.",
	.rows = run_options,
	.finish = finish,
	.run = run,
};
