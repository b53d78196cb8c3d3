#ifndef NETNSD_OUTPUT_H
#define NETNSD_OUTPUT_H

#include "text.h"

/* Writes all of it to stdout; the exit status. Who reads only its begin (`| head -1`) is no failure. */
int print(const struct text *text);

#endif
