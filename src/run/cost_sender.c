// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "run/cost_sender.h"
#include "run/loopback_load.h"

#define BATCH 500u

struct answer {
	double ns;	/* a packet */
	int err;
};

static int send_batches(const struct loopback *l, uint32_t batches, double *ns)
{
	*ns = INFINITY;
	for (; batches; batches--) {
		int64_t took = loopback_run(l, BATCH);

		if (took < 0)
			return (int)took;
		*ns = fmin(*ns, (double)took / BATCH);
	}
	return 0;
}

/* The child, until nobody asks any more. */
static void serve(int ask, int answer)
{
	struct loopback load;
	int opened = loopback_open(&load);
	uint32_t batches;

	while (read(ask, &batches, sizeof(batches)) == sizeof(batches)) {
		struct answer a = { .err = opened };

		if (!a.err)
			a.err = send_batches(&load, batches, &a.ns);
		if (write(answer, &a, sizeof(a)) != sizeof(a))
			break;
	}
	_exit(0);
}

static void close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

int sender_start(struct sender *s)
{
	int ask[2], answer[2], err;

	if (pipe2(ask, O_CLOEXEC))
		return -errno;
	if (pipe2(answer, O_CLOEXEC)) {
		err = -errno;
		close_pair(ask);
		return err;
	}
	s->pid = fork();
	if (s->pid < 0) {
		err = -errno;
		s->pid = 0;
		close_pair(ask);
		close_pair(answer);
		return err;
	}
	if (!s->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ask[1]);
		close(answer[0]);
		serve(ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	s->ask = ask[1];
	s->answer = answer[0];
	return 0;
}

int sender_ask(const struct sender *s, uint32_t batches)
{
	ssize_t n;

	do
		n = write(s->ask, &batches, sizeof(batches));
	while (n < 0 && errno == EINTR);
	return n == sizeof(batches) ? 0 : -errno;
}

int sender_answer(const struct sender *s, double *ns)
{
	struct answer a;
	ssize_t n;

	do
		n = read(s->answer, &a, sizeof(a));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(a))
		return n < 0 ? -errno : -EPIPE;
	*ns = a.ns;
	return a.err;
}

void sender_stop(struct sender *s)
{
	if (s->pid <= 0)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->ask);
	close(s->answer);
	s->pid = 0;
}
