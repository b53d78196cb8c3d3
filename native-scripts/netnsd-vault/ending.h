#ifndef NETNSD_VAULT_ENDING_H
#define NETNSD_VAULT_ENDING_H

/* Ends every process of the vault of `state_directory`: those in the pinned namespace or, where none is pinned, those whose root
 * says that it is that vault's. */
void end_residents(const char *state_directory);

#endif
