/** Names that this program and native-scripts/netnsd-vault agree on. Below the state directory: */

/** Where the vault's mount namespace is pinned. */
export const VAULT_PIN = 'vault/mnt';
/** The symbolic link that leads to the links of leases. */
export const VAULT_LINK = 'netns';

/** In the vault: the folder of mount points, one for each endpoint. A descriptor that was opened there shows such a path. */
export const VAULT_MOUNTS = '/ns';
/** In the vault: the same for hubs. */
export const VAULT_HUBS = '/hubs';
