#ifndef NETNSD_CONVERSATION_H
#define NETNSD_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "http.h"

/* A point of the monotonic clock, in milliseconds, by which something must have ended. */
typedef int64_t deadline;

deadline deadline_in_ms(int milliseconds);

/* What is left until then for poll(2): 0 when it has passed. */
int deadline_left_ms(deadline when);

/* Waits until `fd` has one of `events`; false at the deadline, or with errno set if poll fails. */
bool wait_for_fd(int fd, short events, deadline when);

struct conversation {
  const char *socket_path;
  int deadline_ms;
  /* Outcome: the answer, whose body lies in `buffer`; or, on failure, why, to be read behind "netnsd at PATH". */
  struct http_answer answer;
  char buffer[HTTP_ANSWER_MAX];
  char why[192];
};

/* Connects to the unix socket, sends the request and reads one answer, all within the deadline. False: see `why`. Leaves no fd open. */
bool converse(struct conversation *talk, const char *request, size_t length);

#endif
