// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include "host/softnet.h"

#define SOFTNET_FILE "/proc/net/softnet_stat"

/*
 * One line per CPU, of hexadecimal columns: processed, dropped, time_squeeze and, depending on
 * the kernel, more (softnet_seq_show(), v4.0 to v7.3). Each counter is of 32 bits.
 */
int softnet_parse(FILE *f, struct softnet *sum)
{
	uint32_t dropped, squeeze;
	char line[512];

	*sum = (struct softnet){ 0 };
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*" SCNx32 " %" SCNx32 " %" SCNx32, &dropped, &squeeze) != 2)
			return -EINVAL;
		sum->dropped += dropped;
		sum->time_squeeze += squeeze;
	}
	return ferror(f) ? -EIO : 0;
}

int softnet_read(struct softnet *sum)
{
	FILE *f = fopen(SOFTNET_FILE, "re");
	int err;

	if (!f)
		return -errno;
	err = softnet_parse(f, sum);
	fclose(f);
	return err;
}

static uint64_t since(uint64_t then, uint64_t now)
{
	return now > then ? now - then : 0;
}

struct softnet softnet_since(const struct softnet *then, const struct softnet *now)
{
	return (struct softnet){
		.dropped = since(then->dropped, now->dropped),
		.time_squeeze = since(then->time_squeeze, now->time_squeeze),
	};
}
