#include "resident.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "namespace.h"

/* Through it others come in: /proc/PID/root is the root of the process PID, in whatever mount namespace (proc_pid_root(5)). */
static int set_link(int state_fd, pid_t pid) {
  char target[64], now[64], name[64];
  snprintf(target, sizeof target, "/proc/%d/root/netns", (int)pid);
  ssize_t length = readlinkat(state_fd, "netns", now, sizeof now);
  if (length == (ssize_t)strlen(target) && memcmp(now, target, (size_t)length) == 0) return 0;
  snprintf(name, sizeof name, ".netns.%d", (int)getpid());
  unlinkat(state_fd, name, 0);
  if (symlinkat(target, state_fd, name) != 0) return -1;
  if (renameat(state_fd, name, state_fd, "netns") == 0) return 0;
  int error = errno;
  unlinkat(state_fd, name, 0);
  errno = error;
  return -1;
}

static pid_t read_resident(int resident_fd) {
  char text[16] = "";
  return pread(resident_fd, text, sizeof text - 1, 0) > 0 ? (pid_t)atoi(text) : 0;
}

bool take_residence(int state_fd, int *resident_fd) {
  int fd = open(RESIDENT, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) fail("open the vault's " RESIDENT);
  *resident_fd = fd;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) fail("lock the vault's " RESIDENT);
  /* The one of whom it was read may have died since, and its successor may have set the link meanwhile. */
  for (pid_t pid = 0; pid != read_resident(fd);) {
    pid = read_resident(fd);
    if (pid > 0 && set_link(state_fd, pid) != 0 && errno != EISDIR) fail("set the link netns of the state directory");
  }
  return false;
}

static void drop_privileges(void) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  /* Version 3 of capset(2) has two words of each set: include/uapi/linux/capability.h. */
  struct {
    unsigned int version;
    int pid;
  } header = {.version = 0x20080522};
  struct {
    unsigned int effective, permitted, inheritable;
  } none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0) exit(1);
}

static void wait_a_little(void) { nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL); }

/* Notes the calling process as the resident, and sets the link. A process that could not be told of is as good as none, so it is tried
 * again, unless the state directory has gone or version 0.1 left its folder there: the daemon asks again once that has gone. */
static void settle(void) {
  char text[16];
  int length = snprintf(text, sizeof text, "%-10d\n", (int)getpid());
  while (pwrite(RESIDENT_FD, text, (size_t)length, 0) != length) wait_a_little();
  while (set_link(STATE_FD, getpid()) != 0 && errno != ENOENT && errno != EISDIR) wait_a_little();
}

/* Returns when the process `parent` has died. */
static void await_death_of(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
  sigset_t death;
  sigemptyset(&death);
  sigaddset(&death, SIGUSR1);
  while (getppid() == parent) sigwaitinfo(&death, NULL);
}

/* Two processes: the resident and its child, which takes its place at once when it dies. The child is in the session of the resident:
 * as long as it lives, the number of the resident is given to no other process (free_pid of kernel/pid.c), so that between the death
 * and the new link the old one leads nowhere rather than into a stranger's root. */
void reside(void) {
  close(0), close(1), close(2);
  syscall(SYS_close_range, RESIDENT_FD + 1, ~0U, 0);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  drop_privileges();
  for (bool told = false;;) {
    settle();
    setsid();
    if (!told) {
      if (write(READY_FD, "r", 1) != 1) exit(1);
      close(READY_FD);
      told = true;
    }
    pid_t self = getpid(), child;
    while ((child = fork()) != 0) {
      if (child < 0) wait_a_little();
      else waitpid(child, NULL, 0);
    }
    await_death_of(self);
  }
}
