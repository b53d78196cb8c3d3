#ifndef NETNSD_WRAPPER_H
#define NETNSD_WRAPPER_H

#include "arguments.h"
#include "settings.h"

/* Runs the real runtime with these arguments, and what netnsd has to do before and after it. Returns the exit status, if it returns. */
int wrapper_run(const struct settings *settings, const struct arguments *arguments, int argc, char *const *argv);

#endif
