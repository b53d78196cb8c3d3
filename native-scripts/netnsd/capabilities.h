/* Made by native-scripts/capabilities.mjs from src/kernel/process/capabilities.ts: `npm run docs`. */
#ifndef NETNSD_CAPABILITIES_H
#define NETNSD_CAPABILITIES_H

#include <stdbool.h>

/* What the daemon keeps; it does not start without those that are required. */
static const struct needed_capability {
  unsigned number;
  bool required;
} needed_capabilities[] = {
    {0, false}, /* CAP_CHOWN */
    {1, false}, /* CAP_DAC_OVERRIDE */
    {12, true}, /* CAP_NET_ADMIN */
    {18, true}, /* CAP_SYS_CHROOT */
    {19, false}, /* CAP_SYS_PTRACE */
    {21, true}, /* CAP_SYS_ADMIN */
};

#endif
