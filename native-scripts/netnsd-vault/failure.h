#ifndef NETNSD_VAULT_FAILURE_H
#define NETNSD_VAULT_FAILURE_H

/* Ends the process with status 1 after one line on stderr: `netnsd-vault: cannot WHAT: ` and the words for errno. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
