#ifndef NETNSD_PRIVILEGES_H
#define NETNSD_PRIVILEGES_H

#include <stdbool.h>

/*
 * Drops every capability that the daemon does not need, for good: out of the bounding set, with `no_new_privs`, and by capset(2). What is
 * executed next has no more, in all its threads; Node.js could only do so by executing itself anew (src/kernel/process/shed-privileges.ts,
 * which decides in the same way and then finds nothing to do). Changes nothing where a capability that is required is missing: src/daemon
 * says so. False if the kernel refuses, which is reported.
 */
bool shed_privileges(void);

#endif
