#ifndef NETNSD_VAULT_NAMESPACE_H
#define NETNSD_VAULT_NAMESPACE_H

/* In the vault's mount namespace: /ns/ENDPOINT are the mounts of network namespaces, /netns/NAME the symbolic links of leases,
 * /proc for those who make mounts there, and what follows. */
#define IDENTITY "/identity" /* the path of the state directory, and a newline */
#define RESIDENT "/resident" /* locked while a process lives here, whose number it holds */
#define PROGRAM "/netnsd-vault"

/* Moves the calling process into a mount namespace of its own that holds nothing of the old one's, with a tmpfs as its root. */
void make_namespace(const char *state_directory);

/* Moves the calling process into the pinned mount namespace, which has to be that of `state_directory`. */
void enter_namespace(const char *state_directory);

#endif
