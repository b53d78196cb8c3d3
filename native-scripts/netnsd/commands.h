/* Made by native-scripts/commands.mjs from the command line's description in src/cli: `npm run docs`. */
#ifndef NETNSD_COMMANDS_H
#define NETNSD_COMMANDS_H

#include "command-line.h"

static const struct option acquire_options[] = {
    {"pool", OPTION_NAME, false, NULL},
    {"id", OPTION_NAME, false, "count"},
    {"tenant", OPTION_NAME, false, NULL},
    {"address", OPTION_NAME, false, "count"},
    {"mac", OPTION_NAME, false, "count"},
    {"wait", OPTION_SECONDS_OR_ZERO, false, NULL},
    {"ttl", OPTION_SECONDS, false, NULL},
    {"pid", OPTION_COUNT, false, NULL},
    {"count", OPTION_COUNT, false, NULL},
    {"path", OPTION_FLAG, false, "json"},
    {"json", OPTION_FLAG, false, NULL},
    {"socket", OPTION_TEXT, false, NULL},
};

static const struct option release_options[] = {
    {"id", OPTION_NAME, false, NULL},
    {"pool", OPTION_NAME, false, NULL},
    {"force", OPTION_FLAG, false, NULL},
    {"socket", OPTION_TEXT, false, NULL},
};

static const struct option renew_options[] = {
    {"ttl", OPTION_SECONDS, true, NULL},
    {"json", OPTION_FLAG, false, NULL},
    {"socket", OPTION_TEXT, false, NULL},
};

static const struct option oci_patch_options[] = {
    {"id", OPTION_NAME, true, NULL},
    {"pool", OPTION_NAME, false, NULL},
    {"tenant", OPTION_NAME, false, NULL},
    {"dns", OPTION_FLAG, false, NULL},
    {"json", OPTION_FLAG, false, NULL},
    {"socket", OPTION_TEXT, false, NULL},
};

const struct known_command commands[] = {
    {"acquire", 0, 0, acquire_options, sizeof acquire_options / sizeof acquire_options[0]},
    {"release", 0, OPERANDS_MAX, release_options, sizeof release_options / sizeof release_options[0]},
    {"renew", 1, 1, renew_options, sizeof renew_options / sizeof renew_options[0]},
    {"oci patch", 1, 1, oci_patch_options, sizeof oci_patch_options / sizeof oci_patch_options[0]},
    {NULL, 0, 0, NULL, 0},
};

#endif
