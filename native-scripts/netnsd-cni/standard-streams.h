#ifndef NETNSD_CNI_STANDARD_STREAMS_H
#define NETNSD_CNI_STANDARD_STREAMS_H

#include "failure.h"

/* Has no file of the program's become fd 0, 1 or 2 where one of these is closed. */
void guard_stdio(void);

/* Reads all of stdin within a deadline; false with a failure if it is as large as the buffer. */
bool read_stdin(char *text, size_t size, size_t *length, struct cni_failure *failure);

bool print_text(int fd, const struct text *text);

#endif
