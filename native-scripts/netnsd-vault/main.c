/* netnsd-vault: the process in the mount namespace in which netnsd mounts its network namespaces.
 *
 *   netnsd-vault start STATE_DIRECTORY   has it run: returns when the link STATE_DIRECTORY/netns leads into the vault
 *   netnsd-vault stop STATE_DIRECTORY    ends it, and removes pin and link; namespaces without a process inside go with it
 *
 * The state directory is named by its real path. The mount namespace is pinned by a mount at STATE_DIRECTORY/vault/mnt: where it is
 * pinned already, the program enters that one, and nothing that was mounted there is lost. Exit status 1, and a line on stderr, where
 * something failed. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ending.h"
#include "failure.h"
#include "namespace.h"
#include "pin.h"
#include "resident.h"

enum { ANY_PROCESSOR = -1 };

/* Where the process comes from. */
struct origin {
  const char *state_directory;
  bool pinned;
  int processor; /* on which the mount namespace is made */
};

/* What the parent and the child tell each other, a byte at a time. */
struct conversation {
  int from_child[2], to_child[2];
};

static void spare_when_memory_is_short(void) {
  int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  /* Without CAP_SYS_RESOURCE it stays: a process of so few pages is taken last anyway. */
  if (write(file, "-1000", 5) < 0) errno = 0;
  close(file);
}

/* Goes on from a copy of the program in the vault: the file that is executed keeps its file system from being unmounted. */
static void execute_copy(int program) {
  int copy = open(PROGRAM ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0555);
  if (copy < 0) fail("copy the program");
  for (ssize_t sent = 1; sent != 0;) {
    sent = sendfile(copy, program, NULL, 1 << 20);
    if (sent < 0) fail("copy the program");
  }
  close(copy);
  if (rename(PROGRAM ".new", PROGRAM) != 0) fail("copy the program");
  char *const arguments[] = {"netnsd-vault", "reside", NULL};
  char *const environment[] = {NULL};
  execve(PROGRAM, arguments, environment);
  /* It is linked with libraries, which the vault has not: this one goes on. */
}

static void place(int fd, int number) {
  if (dup2(fd, number) != number) fail("place a descriptor");
}

static void make_namespace_on(int processor, const char *state_directory) {
  cpu_set_t before, one;
  CPU_ZERO(&one);
  if (processor != ANY_PROCESSOR) CPU_SET(processor, &one);
  bool moved = processor != ANY_PROCESSOR && sched_getaffinity(0, sizeof before, &before) == 0 && sched_setaffinity(0, sizeof one, &one) == 0;
  make_namespace(state_directory);
  if (moved) sched_setaffinity(0, sizeof before, &before);
}

_Noreturn static void live_in_vault(const struct origin *origin, const struct conversation *talk) {
  signal(SIGHUP, SIG_IGN);
  setsid();
  spare_when_memory_is_short();
  int state = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (state < 0 || program < 0) fail("open the state directory and the program");
  if (origin->pinned) enter_namespace(origin->state_directory);
  else make_namespace_on(origin->processor, origin->state_directory);
  char go;
  if (write(talk->from_child[1], "m", 1) != 1 || read(talk->to_child[0], &go, 1) != 1) _exit(1);
  int resident;
  if (!take_residence(state, &resident)) _exit(write(talk->from_child[1], "r", 1) == 1 ? 0 : 1);
  /* Out of the way of the numbers that they get, then to their places. */
  int ready = fcntl(talk->from_child[1], F_DUPFD_CLOEXEC, 16);
  int moved[] = {fcntl(state, F_DUPFD_CLOEXEC, 16), fcntl(resident, F_DUPFD_CLOEXEC, 16), fcntl(program, F_DUPFD_CLOEXEC, 16)};
  if (ready < 0 || moved[0] < 0 || moved[1] < 0 || moved[2] < 0) fail("place descriptors");
  place(moved[0], STATE_FD);
  place(ready, READY_FD);
  place(moved[1], RESIDENT_FD);
  execute_copy(moved[2]);
  reside();
}

/* Starts the process that lives in the vault; false where the new mount namespace cannot be pinned for its number, see `start`. */
static bool start_resident(const struct origin *origin) {
  struct conversation talk;
  if (pipe2(talk.from_child, O_CLOEXEC) != 0 || pipe2(talk.to_child, O_CLOEXEC) != 0) fail("make a pipe");
  pid_t child = fork();
  if (child < 0) fail("start a process");
  if (child == 0) {
    close(talk.to_child[1]);
    close(talk.from_child[0]);
    live_in_vault(origin, &talk);
  }
  close(talk.from_child[1]);
  close(talk.to_child[0]);
  char word = 0;
  if (read(talk.from_child[0], &word, 1) != 1) exit(1);
  bool kept = origin->pinned || pin_namespace_of(child);
  bool stands = kept && write(talk.to_child[1], "g", 1) == 1 && read(talk.from_child[0], &word, 1) == 1;
  close(talk.to_child[1]);
  close(talk.from_child[0]);
  errno = ECHILD;
  if (kept && !stands) fail("keep a process in the vault: it ended");
  return kept;
}

/* The pin was unmounted: the vault's mounts are kept while a process is in it. A caller in a younger mount namespace
 * than that in which it was pinned can neither see the pin nor make another: a vault of its own would take the network of every lease. */
static bool pin_again(const char *state_directory) {
  pid_t resident = find_unpinned(state_directory);
  if (resident == 0) return false;
  prepare_pin();
  if (pin_namespace_of(resident)) return true;
  unprepare_pin();
  errno = EXDEV;
  fail("use the vault of %s from this mount namespace: run netnsd in the one in which it ran before, or take it down there", state_directory);
}

/* A mount namespace may be pinned in an older one only, which the kernel tells by their numbers (mnt_ns_loop of fs/namespace.c). Since
 * Linux 6.18 each processor has numbers of its own to give, so that a younger namespace may have the lower one. The processor that gave the
 * caller's namespace its number gives higher ones now: it is found by trying all of them. */
static void start(const char *state_directory) {
  struct origin origin = {.state_directory = state_directory, .pinned = is_pinned(), .processor = ANY_PROCESSOR};
  if (!origin.pinned) {
    origin.pinned = pin_again(state_directory);
    /* They may keep the link of a folder that was removed: others take their place. */
    end_residents(state_directory);
    if (!origin.pinned) prepare_pin();
  }
  bool started = start_resident(&origin);
  cpu_set_t allowed;
  if (!started && sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail("read the processors that may be used");
  for (origin.processor = 0; !started && origin.processor < CPU_SETSIZE; origin.processor++)
    if (CPU_ISSET(origin.processor, &allowed)) started = start_resident(&origin);
  errno = EINVAL;
  if (!started) fail("pin the mount namespace");
}

static void stop(const char *state_directory) {
  end_residents(state_directory);
  remove_pin();
  char target[16];
  if (readlink("netns", target, sizeof target) > 0 && unlink("netns") != 0) fail("remove the link netns");
}

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "reside") == 0) reside();
  if (count != 3 || arguments[2][0] != '/' || (strcmp(arguments[1], "start") != 0 && strcmp(arguments[1], "stop") != 0)) {
    fputs("usage: netnsd-vault start|stop STATE_DIRECTORY\n", stderr);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  if (chdir(arguments[2]) != 0) fail("enter the state directory %s", arguments[2]);
  if (strcmp(arguments[1], "start") == 0) start(arguments[2]);
  else stop(arguments[2]);
  return 0;
}
