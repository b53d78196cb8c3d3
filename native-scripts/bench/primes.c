/*
 * The function of the paper: primes by sieve, in an image of this one file.
 *
 *   primes LIMIT   prints `BEGAN ENDED COUNT`: CLOCK_MONOTONIC in nanoseconds at its first and last instruction, and how many primes
 *                  there are below LIMIT
 *   primes wait    waits until it is killed, as a pause container and one that is kept do
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long count_primes(long limit) {
  char *composite = calloc((size_t)limit, 1);
  if (composite == NULL) return -1;
  long count = 0;
  for (long number = 2; number < limit; number++) {
    if (composite[number]) continue;
    count++;
    for (long multiple = number * number; multiple < limit; multiple += number) composite[multiple] = 1;
  }
  free(composite);
  return count;
}

int main(int argc, char **argv) {
  int64_t began = now_ns();
  if (argc == 2 && strcmp(argv[1], "wait") == 0)
    for (;;) pause();
  long limit = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
  if (limit < 2 || limit > 1000000000) {
    fputs("usage: primes LIMIT|wait\n", stderr);
    return 2;
  }
  long count = count_primes(limit);
  if (count < 0) return 1;
  printf("%" PRId64 " %" PRId64 " %ld\n", began, now_ns(), count);
  return 0;
}
