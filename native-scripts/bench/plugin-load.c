/*
 * Calls a CNI plugin for COUNT containers at once, as a runtime does, and prints how long that took, in microseconds, from the first fork to
 * the end of the last one:
 *
 *   plugin-load PLUGIN CONFIGURATION FOLDER COMMAND COUNT
 *
 * The containers are called bench-0 and on, their namespaces FOLDER/cni-0 and on. Ends with status 1 if a plugin fails.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COUNT_MAX = 10000, VARIABLE_MAX = 512 };

static long long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static pid_t start(char *const argv[], int index) {
  static char command[VARIABLE_MAX], id[VARIABLE_MAX], netns[VARIABLE_MAX];
  static char ifname[] = "CNI_IFNAME=eth0", path[] = "CNI_PATH=/usr/lib/cni", search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char *environment[] = {command, id, netns, ifname, path, search, NULL};
  char *arguments[] = {argv[1], NULL};
  posix_spawn_file_actions_t actions;
  pid_t pid;
  snprintf(command, sizeof command, "CNI_COMMAND=%s", argv[4]);
  snprintf(id, sizeof id, "CNI_CONTAINERID=bench-%d", index);
  snprintf(netns, sizeof netns, "CNI_NETNS=%s/cni-%d", argv[3], index);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, argv[2], O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  int error = posix_spawn(&pid, argv[1], &actions, NULL, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  fprintf(stderr, "plugin-load: %s: %s\n", argv[1], strerror(error));
  exit(1);
}

int main(int argc, char *argv[]) {
  int count = argc == 6 ? atoi(argv[5]) : 0;
  int failed = 0;
  if (count < 1 || count > COUNT_MAX) {
    fprintf(stderr, "usage: plugin-load PLUGIN CONFIGURATION FOLDER COMMAND COUNT\n");
    return 2;
  }
  long long started_us = now_us();
  for (int i = 0; i < count; i++) start(argv, i);
  for (int status; wait(&status) > 0;) failed += status != 0;
  long long ended_us = now_us();
  if (failed > 0) fprintf(stderr, "plugin-load: %d of %d calls of %s failed\n", failed, count, argv[1]);
  printf("%lld\n", ended_us - started_us);
  return failed > 0;
}
