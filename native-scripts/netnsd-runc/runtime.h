#ifndef NETNSD_RUNTIME_H
#define NETNSD_RUNTIME_H

#include <limits.h>
#include <stdbool.h>

/*
 * The real runtime's file: `configured` itself if it has a slash, else looked for on PATH; if empty, runc and then crun. netnsd-runc itself,
 * under whatever name, is passed over. False: reported.
 */
bool runtime_find(const char *configured, char path[PATH_MAX]);

/* Whether this process was netnsd-runc before, so that what it executed as the real runtime is another copy of it. */
bool runtime_is_loop(void);

/* Becomes the runtime. Returns only on failure, which is reported: the exit status. */
int runtime_become(const char *path, int argc, char *const *argv);

/*
 * From here on signals wait, so that none of them ends this process between acquiring and giving back. Call once, before the daemon is asked.
 */
void runtime_hold_signals(void);

/* Takes that back, before runtime_become: what came in the meantime acts now. */
void runtime_release_signals(void);

/* A signal that came since and asks for an end (INT, TERM, HUP, QUIT): taken, and its number returned; 0 if there is none. */
int runtime_pending_end(void);

/*
 * Runs the runtime as a child that has everything of this process: arguments, environment, descriptors, terminal, process group, signal
 * mask. Signals sent to this process go on to it; it dies with this process. Returns its wait status, or -1, reported, if it could not start.
 */
int runtime_run(const char *path, int argc, char *const *argv);

/* Ends this process the way the child ended: same exit status or same signal. */
_Noreturn void runtime_end_like(int wait_status);

/* Ends this process by this signal. */
_Noreturn void runtime_end_by(int signal_number);

#endif
