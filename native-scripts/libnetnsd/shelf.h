#ifndef NETNSD_SHELF_H
#define NETNSD_SHELF_H

#include <stdbool.h>

/* A container's id; or that, `@` and eight digits; or `@` and the lease's id, of a lease that is no container's. */
enum { SHELF_KEY_MAX = 200 };

/* The folder beside the daemon's socket on which it lays out endpoints, see docs/shelf.md. */
struct shelf {
  /* All that is done there is done by way of this descriptor, so that it happens in the folder that was looked at. */
  int fd;
  /* The lease's name there. */
  char key[SHELF_KEY_MAX + 1];
};

/* The container's name on a shelf; `root` is its runtime's, empty for the default one. False if it can have none: the daemon must be asked. */
bool shelf_key(char key[SHELF_KEY_MAX + 1], const char *id, const char *root);

/* The same for a name that the daemon's API gives: a container's id, with the mark of a root where it has one. */
bool shelf_key_of(char key[SHELF_KEY_MAX + 1], const char *name);

/* Opens the shelf beside the daemon's socket, for `shelf->key`. False if there is none, or if another user can change what is in it. */
bool shelf_open(struct shelf *shelf, const char *socket_path);

void shelf_close(struct shelf *shelf);

/* Gives back what was taken under this key, whether or not a daemon runs: the next one enters it. False if there is nothing of it here. */
bool shelf_give_back(const struct shelf *shelf);

/* Whether the container surely holds no lease, of whatever kind: it has given back already, or has no mark. */
bool shelf_holds_nothing(const struct shelf *shelf);

/* Room for the path of an entry in one of the shelf's folders. */
enum { SHELF_ENTRY_SIZE = SHELF_KEY_MAX + 16 };

/* Whether there is anything at `FOLDER/KEY`, or it cannot be told. */
bool shelf_has(const struct shelf *shelf, const char *folder);

/* `FOLDER/KEY`, relative to the shelf. */
void shelf_entry(const struct shelf *shelf, const char *folder, char path[SHELF_ENTRY_SIZE]);

/* rename(2) that replaces nothing. False with errno. */
bool shelf_rename(int from_folder, const char *from, int to_folder, const char *to);

#endif
