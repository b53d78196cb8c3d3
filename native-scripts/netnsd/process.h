#ifndef NETNSD_PROCESS_H
#define NETNSD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* When the process started, in clock ticks since the machine did: field 22 of proc_pid_stat(5). False if there is none. */
bool read_start_ticks(long pid, uint64_t *ticks);

/* Whether a thread of any process is in this network namespace, or that cannot be told. */
bool is_occupied(uint64_t netns_inode);

#endif
