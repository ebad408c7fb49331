// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "age.h"
#include "tests/cost/age.skel.h"

struct age {
	struct cost_age_bpf *skel;
	int sock;
};

static struct age age = { .sock = -1 };

/* The kernel stamps packets as long as anybody has asked for that. */
static int want_stamps(void)
{
	int one = 1;

	age.sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (age.sock < 0 || setsockopt(age.sock, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)))
		return -errno;
	return 0;
}

int age_start(char kind)
{
	struct bpf_program *p;
	int err = want_stamps();

	age.skel = err ? NULL : cost_age_bpf__open();
	if (!age.skel)
		return err ? err : -errno;
	bpf_object__for_each_program(p, age.skel->obj)
		bpf_program__set_autoload(p, bpf_program__name(p)[0] == kind);
	err = cost_age_bpf__load(age.skel);
	return err ? err : cost_age_bpf__attach(age.skel);
}

void age_stop(void)
{
	cost_age_bpf__destroy(age.skel);
	if (age.sock >= 0)
		close(age.sock);
}
