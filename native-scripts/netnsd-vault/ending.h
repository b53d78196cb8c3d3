#ifndef NETNSD_VAULT_ENDING_H
#define NETNSD_VAULT_ENDING_H

#include <sys/types.h>

/* A process of the vault of `state_directory` whose mount namespace is not pinned here; 0: none. */
pid_t find_unpinned(const char *state_directory);

/* Ends every process of the vault of `state_directory`: those in the pinned namespace or, where none is pinned, those whose root
 * says that it is that vault's. */
void end_residents(const char *state_directory);

#endif
