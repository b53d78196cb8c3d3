#ifndef NETNSD_ARGUMENTS_H
#define NETNSD_ARGUMENTS_H

#include <stdbool.h>

enum command { COMMAND_OTHER, COMMAND_CREATE, COMMAND_RUN, COMMAND_DELETE };

enum id_found {
  ID_NONE,      /* no id, too many, or only help is asked for: the runtime has the word */
  ID_FOUND,
  ID_AMBIGUOUS, /* flags that netnsd-runc does not know leave open which argument is the id */
};

/* What the command line says, as far as netnsd-runc must know. All strings are slices of argv, NULL where not said. */
struct arguments {
  enum command command;
  const char *root;
  const char *log;
  bool log_json;
  const char *bundle;
  const char *config;
  bool detach;
  bool keep;
  enum id_found id_found;
  const char *id;
};

/* Reads a runtime's command line. It never fails: what it does not understand is for the runtime to refuse. */
struct arguments arguments_read(int argc, char *const *argv);

#endif
