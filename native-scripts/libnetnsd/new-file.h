#ifndef NETNSD_NEW_FILE_H
#define NETNSD_NEW_FILE_H

#include <stdbool.h>
#include <sys/uio.h>

/* Sixteen lower-case hexadecimal digits and a NUL. */
enum { RANDOM_HEX_SIZE = 17 };

/* Unpredictable digits. False if the kernel has no random bytes yet: it does not wait for them. */
bool random_hex(char digits[RANDOM_HEX_SIZE]);

/* Makes a file that was not there, mode 0600, close-on-exec, and opens it for writing. -1 with errno. */
int new_file_at(int folder, const char *name);

/* Writes the pieces behind each other, all of them; changes the array. False with errno. */
bool write_pieces(int fd, struct iovec *pieces, int count);

#endif
