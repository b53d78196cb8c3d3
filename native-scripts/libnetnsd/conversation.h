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
  /* How long a daemon that is not there is tried; 0: until the deadline. */
  int reach_ms;
  /* The request must not be sent again once it may have been heard. */
  bool once;
  /* The connection that an earlier request left open, or -1. */
  int kept_fd;
  /* Outcome: the answer, whose body lies in `buffer`; or, on failure, why, to be read behind "netnsd at PATH". */
  struct http_answer answer;
  char buffer[HTTP_ANSWER_MAX];
  char why[192];
  /* On failure: errno, or 0 for an answer that cannot be used. */
  int error;
  /* On failure: the connection ended before any answer. */
  bool broken;
};

/*
 * Sends the request and reads one answer, all within the deadline, on the connection that is kept or on a new one; it stays open for the
 * next (close-on-exec), which saves the daemon a third of its work. False: see `why`. A daemon that is not there
 * (yet) is tried again until the deadline, unless the folder of its socket is missing too; so is one that answers that it ends. A connection
 * that ends before any answer is made anew a few times: so a request must be one that can be sent twice, unless `once` is set.
 */
bool converse(struct conversation *talk, const char *request, size_t length);

#endif
