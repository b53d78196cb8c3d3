#include "privileges.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capabilities.h"
#include "report.h"

/* _LINUX_CAPABILITY_VERSION_3 and its structures of include/uapi/linux/capability.h, which musl does not bring. */
enum { VERSION = 0x20080522, WORDS = 2, CAPABILITIES_MAX = 64 };
struct capability_header {
  uint32_t version;
  int pid;
};
struct capability_word {
  uint32_t effective;
  uint32_t permitted;
  uint32_t inheritable;
};

static uint32_t kept_word(unsigned word) {
  uint32_t kept = 0;
  for (size_t i = 0; i < sizeof needed_capabilities / sizeof needed_capabilities[0]; i++)
    if (needed_capabilities[i].number / 32 == word) kept |= UINT32_C(1) << needed_capabilities[i].number % 32;
  return kept;
}

static bool is_required_missing(const struct capability_word words[WORDS]) {
  for (size_t i = 0; i < sizeof needed_capabilities / sizeof needed_capabilities[0]; i++) {
    unsigned number = needed_capabilities[i].number;
    if (needed_capabilities[i].required && (words[number / 32].effective >> number % 32 & 1) == 0) return true;
  }
  return false;
}

/* Without CAP_SETPCAP the set stays, and nothing can be gained from it, since `no_new_privs` is set. */
static bool shrink_bounding_set(void) {
  for (unsigned number = 0; number < CAPABILITIES_MAX; number++) {
    int has = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (has < 0) return true; /* the kernel knows no more */
    if (has == 0 || (kept_word(number / 32) >> number % 32 & 1) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) return errno == EPERM;
  }
  return true;
}

bool shed_privileges(void) {
  struct capability_header header = {VERSION, 0};
  struct capability_word words[WORDS] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capget, &header, words) != 0) {
    report_error("cannot read the capabilities of this process: %s", strerror(errno));
    return false;
  }
  if (is_required_missing(words)) return true;
  bool surplus = false;
  for (unsigned word = 0; word < WORDS; word++) {
    surplus = surplus || ((words[word].permitted | words[word].inheritable) & ~kept_word(word)) != 0;
    words[word].permitted &= kept_word(word);
    words[word].effective = words[word].permitted;
    /* Root is given what is left of the bounding set by execve(2); others only what is ambient, which has to be inheritable. */
    words[word].inheritable = geteuid() == 0 ? 0 : words[word].permitted;
  }
  if (!surplus && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return true;
  if (shrink_bounding_set() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_capset, &header, words) == 0) return true;
  report_error("cannot drop the capabilities that the daemon does not need: %s", strerror(errno));
  return false;
}
