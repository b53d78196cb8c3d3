#include "runtime.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

static sigset_t original_mask;

/*
 * Two copies of netnsd-runc on PATH would execute each other for ever, each finding the other to be no copy of itself. So the one that
 * executes leaves its process id for the one that is executed, which has the same.
 */
static const char guard[] = "NETNSD_RUNC_EXECUTED";

bool runtime_is_loop(void) {
  char pid[32];
  const char *left = getenv(guard);
  snprintf(pid, sizeof pid, "%ld", (long)getpid());
  return left != NULL && strcmp(left, pid) == 0;
}

int runtime_become(const char *path, int argc, char *const *argv) {
  char pid[32];
  snprintf(pid, sizeof pid, "%ld", (long)getpid());
  setenv(guard, pid, 1);
  char **own = calloc((size_t)argc + 2, sizeof *own);
  if (own != NULL) {
    /* argv[0] is the runtime's: crun chooses its handler by it. */
    own[0] = (char *)path;
    for (int i = 1; i < argc; i++) own[i] = argv[i];
    execv(path, own);
  }
  int error = errno;
  report_error("cannot execute the runtime %s: %s", path, strerror(error));
  free(own);
  return error == ENOENT ? 127 : 126;
}

/* All that can be held and passed on; faults of this process itself and job control's own stay as they are. */
static void held_signals(sigset_t *set) {
  sigfillset(set);
  static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
  for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) sigdelset(set, kept[i]);
}

void runtime_hold_signals(void) {
  sigset_t set;
  held_signals(&set);
  sigprocmask(SIG_BLOCK, &set, &original_mask);
}

void runtime_release_signals(void) { sigprocmask(SIG_SETMASK, &original_mask, NULL); }

int runtime_pending_end(void) {
  sigset_t set;
  sigemptyset(&set);
  static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    struct sigaction action;
    bool ends_us = sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN;
    if (ends_us && sigismember(&original_mask, ends[i]) == 0) sigaddset(&set, ends[i]);
  }
  int number = sigtimedwait(&set, NULL, &(struct timespec){0});
  return number > 0 ? number : 0;
}

/* systemd's socket activation names the process that it means; runc (go-systemd) looks at it. */
static void adopt_listen_fds(pid_t parent) {
  const char *named = getenv("LISTEN_PID");
  char pid[32];
  snprintf(pid, sizeof pid, "%ld", (long)parent);
  if (named == NULL || strcmp(named, pid) != 0) return;
  snprintf(pid, sizeof pid, "%ld", (long)getpid());
  setenv("LISTEN_PID", pid, 1);
}

static _Noreturn void be_child(const char *path, int argc, char *const *argv, pid_t parent, const struct sigaction *child_action) {
  /* A signal to this process is meant for the real runtime. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  adopt_listen_fds(parent);
  sigaction(SIGCHLD, child_action, NULL);
  sigprocmask(SIG_SETMASK, &original_mask, NULL);
  _exit(runtime_become(path, argc, argv));
}

/* Takes every end of a child. True, with its status, once our child has ended; if it was stopped, this process stops as well. */
static bool reap(pid_t child, int *status) {
  int ended;
  pid_t pid;
  while ((pid = waitpid(-1, &ended, WNOHANG | WUNTRACED)) > 0) {
    if (pid != child) continue;
    if (WIFSTOPPED(ended)) {
      kill(getpid(), SIGSTOP);
    } else {
      *status = ended;
      return true;
    }
  }
  return false;
}

int runtime_run(const char *path, int argc, char *const *argv) {
  struct sigaction ours = {.sa_handler = SIG_DFL};
  struct sigaction theirs;
  /* An ignored SIGCHLD, which is inherited, would take the child's status from us. */
  sigaction(SIGCHLD, &ours, &theirs);
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) {
    report_error("cannot start the runtime %s: %s", path, strerror(errno));
    return -1;
  }
  if (child == 0) be_child(path, argc, argv, parent, &theirs);
  sigset_t set;
  held_signals(&set);
  int status = 0;
  while (!reap(child, &status)) {
    siginfo_t info;
    int number = sigwaitinfo(&set, &info);
    /* What the terminal sent (SI_KERNEL) the child, being of the same process group, has too. */
    if (number > 0 && number != SIGCHLD && info.si_code <= 0) kill(child, number);
  }
  return status;
}

void runtime_end_by(int signal_number) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  /* The core that matters, if any, is the child's. */
  setrlimit(RLIMIT_CORE, &(struct rlimit){0});
  sigaction(signal_number, &action, NULL);
  kill(getpid(), signal_number);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  _exit(128 + signal_number);
}

void runtime_end_like(int wait_status) {
  if (WIFSIGNALED(wait_status)) runtime_end_by(WTERMSIG(wait_status));
  _exit(WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 1);
}
