// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A library for LD_PRELOAD that makes one call fail: of an allocation, a system call or a thread.
 * tests/lib/faults.py drives it; both share the layout of struct book.
 *
 * A call is known by its name and the way that led to it: the return addresses in the program
 * itself (deep: those in libraries, too), as a hash that is the same in every run of that program.
 *
 *	FAIL_BOOK=FILE		every call that was made is noted there
 *	FAIL_DEEP=1		a way through a library is not the same as another one
 *	FAIL_CALL="HASH N TIMES ERRNO"	from the Nth call of that kind on, TIMES calls fail
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>
#include "fail.h"

#define SITES 8192
#define MADE  4096
#define WAY   16

struct site {
	char call[24];
	uint64_t hash;
	uint64_t count;
	uint64_t way[WAY];	/* in the program, the innermost first; 0 ends it */
};

struct made {
	uint32_t kind, id;	/* BPF_PROG_LOAD, BPF_MAP_CREATE or BPF_LINK_CREATE */
};

struct book {
	uint64_t failed;	/* calls that were made to fail */
	uint64_t nr_made;
	uint64_t full;		/* calls that there was no room to note */
	struct made made[MADE];
	struct site sites[SITES];
};

static struct book *book;
static bool deep;
static pid_t owner;
static uint64_t wanted, from, times;
static int with;
static _Thread_local __attribute__((tls_model("initial-exec"))) bool inside;

struct walk {
	uint64_t hash, way[WAY];
	int n;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x100000001b3ull;
}

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	void *at = (void *)_Unwind_GetIP(context);
	struct dl_find_object found;
	uint64_t offset;

	if (!at || _dl_find_object(at, &found))
		return _URC_NO_REASON;
	offset = (uint64_t)at - found.dlfo_link_map->l_addr;
	if (!*found.dlfo_link_map->l_name) {	/* the program itself */
		if (w->n < WAY)
			w->way[w->n++] = offset;
		w->hash = mix(w->hash, offset);
	} else if (deep) {
		w->hash = mix(w->hash, offset);
	}
	return _URC_NO_REASON;
}

/* The entry of a call; NULL without room. Others may be looking for the same one. */
static struct site *find(const char *call, const struct walk *w)
{
	static atomic_bool lock;
	struct site *s = NULL;
	uint64_t i;

	while (atomic_exchange(&lock, true))
		;
	for (i = 0; i < SITES; i++) {
		s = &book->sites[(w->hash + i) % SITES];
		if (s->hash == w->hash || !s->hash)
			break;
	}
	if (i == SITES) {
		book->full++;
		s = NULL;
	} else if (!s->hash) {
		s->hash = w->hash;
		strncpy(s->call, call, sizeof(s->call) - 1);
		memcpy(s->way, w->way, sizeof(s->way));
	}
	atomic_store(&lock, false);
	return s;
}

bool fail_now(const char *call)
{
	struct walk w = { .hash = 0xcbf29ce484222325ull };
	struct site *s;
	uint64_t n;
	const char *c;

	if (!book || inside || getpid() != owner)
		return false;
	inside = true;
	for (c = call; *c; c++)
		w.hash = mix(w.hash, *c);
	_Unwind_Backtrace(step, &w);
	/* What libraries do by themselves, before main() or after it, is not the program's. */
	s = w.n ? find(call, &w) : NULL;
	inside = false;
	if (!s)
		return false;
	n = __atomic_add_fetch(&s->count, 1, __ATOMIC_RELAXED);
	if (s->hash != wanted || n < from || n - from >= times)
		return false;
	__atomic_add_fetch(&book->failed, 1, __ATOMIC_RELAXED);
	errno = with;
	return true;
}

int fail_errno(void)
{
	return with;
}

static void note_made(uint32_t kind, int fd)
{
	uint32_t info[64] = {};
	union bpf_attr attr = { .info = { .bpf_fd = fd, .info_len = sizeof(info),
					  .info = (uintptr_t)info } };
	int before = errno;
	uint64_t i;

	if (!syscall_next(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, (long)&attr, sizeof(attr), 0, 0, 0)) {
		i = __atomic_fetch_add(&book->nr_made, 1, __ATOMIC_RELAXED);
		if (i < MADE)
			book->made[i] = (struct made){ kind, info[1] };
	}
	errno = before;
}

void fail_note_bpf(int command, int fd)
{
	if (!book || getpid() != owner)
		return;
	if (command == BPF_RAW_TRACEPOINT_OPEN)
		command = BPF_LINK_CREATE;
	if (command == BPF_PROG_LOAD || command == BPF_MAP_CREATE || command == BPF_LINK_CREATE)
		note_made(command, fd);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAIL_BOOK"), *call = getenv("FAIL_CALL");
	unsigned long long hash = 0, n = 0, many = 0;
	void *map;
	int fd;

	/* Programs that this one starts are not under test. */
	unsetenv("LD_PRELOAD");
	if (!path)
		return;
	inside = true;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*book)))
		abort();
	map = mmap(NULL, sizeof(*book), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		abort();
	close(fd);
	if (call && sscanf(call, "%llx %llu %llu %d", &hash, &n, &many, &with) != 4)
		abort();
	wanted = hash;
	from = n;
	times = many;
	deep = getenv("FAIL_DEEP");
	owner = getpid();
	book = map;
	inside = false;
}
