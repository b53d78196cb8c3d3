#ifndef NETNSD_VAULT_RESIDENT_H
#define NETNSD_VAULT_RESIDENT_H

#include <stdbool.h>
#include <sys/types.h>

/* Descriptors that the program keeps when it executes its copy. */
enum { STATE_FD = 3, READY_FD = 4, RESIDENT_FD = 5 };

/* Opens and locks the file of the resident; false where another one lives here, to whom the link of the state directory is set then. */
bool take_residence(int state_fd, int *resident_fd);

/* Never returns: keeps a process in the vault to which the link `netns` of the state directory leads. A byte is written to READY_FD
 * once it does. */
_Noreturn void reside(void);

#endif
