#ifndef NETNSD_VAULT_PIN_H
#define NETNSD_VAULT_PIN_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The pin is one mount that keeps the vault's mount namespace while no process is in it. Its parent has to be a private mount
 * (mount_namespaces(7)), so the folder that it lies in is one. Paths are relative to the state directory. */
#define VAULT_FOLDER "vault"
#define PIN VAULT_FOLDER "/mnt"

/* Whether a namespace is pinned. */
bool is_pinned(void);

/* Makes the private mount and the file for the pin; what is left of an earlier one goes. */
void prepare_pin(void);

/* Pins the mount namespace of the process `pid`; false where the kernel takes it for an older one than the caller's (EINVAL). */
bool pin_namespace_of(pid_t pid);

/* Takes away what prepare_pin mounted, and what it is in other mount namespaces stays. */
void unprepare_pin(void);

/* Removes pin, mount and folder; absence is success. */
void remove_pin(void);

#endif
