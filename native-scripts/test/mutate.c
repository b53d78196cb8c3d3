/*
 * Drives the fuzz target without libFuzzer: mutates the files of a folder for a bounded time. The n-th input depends on the seed and on n
 * alone, so that a failure is repeated by `--seed S --only N`, which it prints.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

enum { SEEDS_MAX = 128, INPUT_MAX = 8192 };

struct input {
  size_t size;
  uint8_t bytes[INPUT_MAX];
};

static struct input seeds[SEEDS_MAX];
static size_t seed_count;
static unsigned long long seed = 1;
static unsigned long long number;
static unsigned long long state;

/* splitmix64 */
static unsigned long long next_random(void) {
  unsigned long long z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

static size_t below(size_t limit) { return limit == 0 ? 0 : (size_t)(next_random() % limit); }

static void replace(struct input *input, size_t at, size_t removed, const uint8_t *bytes, size_t added) {
  if (input->size - removed + added > INPUT_MAX) return;
  memmove(input->bytes + at + added, input->bytes + at + removed, input->size - at - removed);
  memcpy(input->bytes + at, bytes, added);
  input->size += added - removed;
}

static void insert_word(struct input *input) {
  static const char *const words[] = {
      "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "null", "true", "-", "0", "1e9", "99999999999999999999",
      "\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "204", "--", "-", "=", "\n", "--bundle",
      "-b", "--root", "create", "run", "delete", "--", "-dbx", "\xff", "\xf0\x9f\x98\x80", "\xed\xa0\x80", " ", "\t", "#", "network", "path",
      "linux", "namespaces", "annotations", "dev.netnsd.skip", "dev.netnsd.lease", "mounts", "\xc5\xbf", "runtime", "deadline_ms"};
  const char *word = words[below(sizeof words / sizeof words[0])];
  replace(input, 1 + below(input->size), 0, (const uint8_t *)word, strlen(word));
}

/* The first byte, which chooses the parser, stays. */
static void mutate(struct input *input) {
  size_t at = 1 + below(input->size - 1);
  size_t left = input->size - at;
  uint8_t byte = (uint8_t)next_random();
  const struct input *other = &seeds[below(seed_count)];
  size_t from = below(other->size);
  switch (below(8)) {
    case 0: if (left > 0) input->bytes[at] ^= (uint8_t)(1u << below(8)); break;
    case 1: if (left > 0) input->bytes[at] = byte; break;
    case 2: replace(input, at, 0, &byte, 1); break;
    case 3: replace(input, at, below(left < 16 ? left : 16), &byte, 0); break;
    case 4: input->size = at; break;
    case 5: replace(input, at, below(left), other->bytes + from, below(other->size - from)); break;
    default: insert_word(input); break;
  }
}

static void run_one(void) {
  static struct input input;
  state = seed * 0x100000001b3ULL + number;
  input = seeds[number % seed_count];
  if (number >= seed_count)
    for (size_t count = 1 + below(8); count > 0; count--) mutate(&input);
  /* In memory of exactly its size, so that the sanitizer sees a read behind it. */
  uint8_t *exact = malloc(input.size);
  if (exact == NULL) abort();
  memcpy(exact, input.bytes, input.size);
  LLVMFuzzerTestOneInput(exact, input.size);
  free(exact);
}

static void tell_where(void) { fprintf(stderr, "failed at one input: repeat it with --seed %llu --only %llu\n", seed, number); }

static void on_abort(int signal_number) {
  tell_where();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void __sanitizer_set_death_callback(void (*callback)(void));

static void read_seeds(const char *folder) {
  DIR *directory = opendir(folder);
  struct dirent *entry;
  while (directory != NULL && (entry = readdir(directory)) != NULL) {
    char path[4096];
    if (entry->d_name[0] == '.' || seed_count == SEEDS_MAX) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) continue;
    seeds[seed_count].size = fread(seeds[seed_count].bytes, 1, INPUT_MAX, file);
    if (seeds[seed_count].size > 0) seed_count++;
    fclose(file);
  }
  if (directory != NULL) closedir(directory);
}

/* readdir has no order of its own. */
static int by_bytes(const void *one, const void *other) {
  const struct input *a = one;
  const struct input *b = other;
  int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);
  return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  double seconds = 5;
  long long only = -1;
  for (int i = 1; i < argc; i++) {
    bool valued = i + 1 < argc;
    if (valued && strcmp(argv[i], "--seconds") == 0) {
      seconds = strtod(argv[++i], NULL);
    } else if (valued && strcmp(argv[i], "--seed") == 0) {
      seed = strtoull(argv[++i], NULL, 10);
    } else if (valued && strcmp(argv[i], "--only") == 0) {
      only = strtoll(argv[++i], NULL, 10);
    } else {
      read_seeds(argv[i]);
    }
  }
  if (seed_count == 0) {
    fprintf(stderr, "usage: native-fuzz [--seconds S] [--seed N] [--only N] FOLDER, with at least one file in it\n");
    return 2;
  }
  qsort(seeds, seed_count, sizeof seeds[0], by_bytes);
  signal(SIGABRT, on_abort);
  __sanitizer_set_death_callback(tell_where);
  double end = now_seconds() + seconds;
  number = only >= 0 ? (unsigned long long)only : 0;
  do {
    run_one();
  } while (only < 0 && (++number % 256 != 0 || now_seconds() < end));
  printf("%llu inputs from %zu seeds in %.1f s, seed %llu: no failure\n", number, seed_count, seconds, seed);
  return 0;
}
