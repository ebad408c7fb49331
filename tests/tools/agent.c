// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The guest's init. It mounts the kernel's file systems, loads the modules listed in
 * /etc/modules, and then runs what the host asks for over a virtio serial port. Output travels
 * as it is written, in binary, so nothing on disk or on the console stands between a test and
 * the exact bytes that a command printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define PORT "/dev/vport0p1"
#define MAX_JOBS 64

struct job {
	uint32_t id;	/* 0 = free slot */
	pid_t pid;	/* 0 = ended, but something it left behind still holds a pipe */
	int fd[2];	/* stdout, stderr; -1 = closed */
};

static struct job jobs[MAX_JOBS];
static int port = -1, file = -1;

/* The console shows the reason, and the host sees QEMU end. */
static __attribute__((noreturn)) void die(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
	sync();
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void mount_all(void)
{
	static const struct { const char *type, *dir; } fs[] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
		{ "tmpfs", "/tmp" }, { "tmpfs", "/run" }, { "bpf", "/sys/fs/bpf" },
		{ "debugfs", "/sys/kernel/debug" }, { "tracefs", "/sys/kernel/tracing" },
	};

	for (size_t i = 0; i < sizeof(fs) / sizeof(fs[0]); i++) {
		if (mount(fs[i].type, fs[i].dir, fs[i].type, 0, NULL) && errno != EBUSY)
			fprintf(stderr, "agent: mount %s: %s\n", fs[i].dir, strerror(errno));
	}
}

static void load_modules(void)
{
	char line[512];
	FILE *list = fopen("/etc/modules", "r");

	while (list && fgets(line, sizeof(line), list)) {
		int fd;

		line[strcspn(line, "\n")] = '\0';
		fd = open(line, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			fprintf(stderr, "agent: module %s: %s\n", line, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	if (list)
		fclose(list);
}

static void open_port(void)
{
	for (int i = 0; i < 500 && port < 0; i++) {
		port = open(PORT, O_RDWR | O_CLOEXEC);
		if (port < 0)
			usleep(10000);
	}
	if (port < 0)
		die(PORT);
}

static void write_full(const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(port, p, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			die("write to the host");
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

static void read_full(void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(port, p, len);

		if (!n || (n < 0 && errno != EINTR && errno != EAGAIN))
			die("read from the host");
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

/* Header and payload in one write: half the virtio requests, so half the disturbance. */
static void send_frame(uint32_t type, uint32_t id, const void *data, size_t len)
{
	static char buf[sizeof(struct agent_header) + AGENT_MAX];
	struct agent_header h = { .len = (uint32_t)len, .id = id, .type = type };

	memcpy(buf, &h, sizeof(h));
	if (len)
		memcpy(buf + sizeof(h), data, len);
	write_full(buf, sizeof(h) + len);
}

static void send_status(uint32_t id, int32_t status)
{
	send_frame(AGENT_EXIT, id, &status, sizeof(status));
}

static void child(const char *command, int out, int err)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	if (null > 2)
		close(null);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static struct job *free_slot(void)
{
	for (struct job *j = jobs; j < jobs + MAX_JOBS; j++) {
		if (!j->id)
			return j;
	}
	return NULL;
}

static void exec_job(uint32_t id, const char *command)
{
	struct job *j = free_slot();
	int out[2], err[2];

	if (!j || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
		send_status(id, 126);
		return;
	}
	j->id = id;
	j->pid = fork();
	if (!j->pid)
		child(command, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	j->fd[0] = out[0];
	j->fd[1] = err[0];
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	if (j->pid < 0) {
		j->pid = 0;
		send_status(id, 126);
	}
}

/* Forwards what is in the pipe; `all`: until it is empty, as nothing may come after the exit. */
static void drain(struct job *j, int which, bool all)
{
	static char buf[AGENT_MAX];

	while (j->fd[which] >= 0) {
		ssize_t n = read(j->fd[which], buf, sizeof(buf));

		if (n > 0)
			send_frame(which ? AGENT_STDERR : AGENT_STDOUT, j->id, buf, (size_t)n);
		if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			close(j->fd[which]);
			j->fd[which] = -1;
		}
		if (!all || n < 0)
			break;
	}
}

static void release(struct job *j)
{
	if (j->id && !j->pid && j->fd[0] < 0 && j->fd[1] < 0)
		j->id = 0;
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (struct job *j = jobs; j < jobs + MAX_JOBS; j++) {
			if (!j->id || j->pid != pid)
				continue;
			drain(j, 0, true);
			drain(j, 1, true);
			j->pid = 0;
			send_status(j->id, WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
								 WEXITSTATUS(status));
			release(j);
		}
	}
}

static void signal_job(uint32_t id, uint32_t sig)
{
	for (struct job *j = jobs; j < jobs + MAX_JOBS; j++) {
		if (j->id != id || j->pid <= 0)
			continue;
		/* It may not have come to make its process group yet. */
		if (kill(-j->pid, (int)sig))
			kill(j->pid, (int)sig);
	}
}

static int32_t create_file(const char *path)
{
	if (file >= 0)
		close(file);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	return file < 0 ? errno : 0;
}

static int32_t append_file(const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(file, data, len);

		if (n < 0)
			return errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static void serve_host(void)
{
	static char buf[AGENT_MAX + 1];
	struct agent_header h;
	uint32_t sig = 0;

	read_full(&h, sizeof(h));
	if (h.len > AGENT_MAX) {
		errno = EPROTO;
		die("frame from the host");
	}
	read_full(buf, h.len);
	buf[h.len] = '\0';
	if (h.type == AGENT_EXEC) {
		exec_job(h.id, buf);
	} else if (h.type == AGENT_SIGNAL && h.len == sizeof(sig)) {
		memcpy(&sig, buf, sizeof(sig));
		signal_job(h.id, sig);
	} else if (h.type == AGENT_CREATE) {
		send_status(h.id, create_file(buf));
	} else if (h.type == AGENT_APPEND) {
		send_status(h.id, append_file(buf, h.len));
	}
}

/* The port and the signals are slots 0 and 1, the pipes of job i are slots 2 + 2i and 3 + 2i. */
static void serve(int signals)
{
	struct pollfd p[2 + 2 * MAX_JOBS];
	struct signalfd_siginfo info;

	p[0] = (struct pollfd){ .fd = port, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = signals, .events = POLLIN };
	for (int i = 0; i < 2 * MAX_JOBS; i++) {
		struct job *j = &jobs[i / 2];

		p[2 + i] = (struct pollfd){ .fd = j->id ? j->fd[i % 2] : -1, .events = POLLIN };
	}
	if (poll(p, 2 + 2 * MAX_JOBS, -1) < 0)
		return;
	for (int i = 0; i < 2 * MAX_JOBS; i++) {
		if (p[2 + i].revents)
			drain(&jobs[i / 2], i % 2, false);
		release(&jobs[i / 2]);
	}
	if (p[1].revents && read(signals, &info, sizeof(info)) > 0)
		reap();
	if (p[0].revents & POLLIN)
		serve_host();
	else if (p[0].revents & (POLLHUP | POLLERR))
		die("the host hung up");
}

int main(void)
{
	sigset_t set;
	int signals;

	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/root", 1);
	mount_all();
	load_modules();
	if (chdir("/root"))
		die("/root");
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		die("signalfd");
	open_port();
	send_frame(AGENT_READY, 0, NULL, 0);
	for (;;)
		serve(signals);
}
