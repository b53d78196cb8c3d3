#ifndef NETNSD_TEST_FUZZ_H
#define NETNSD_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* libFuzzer's entry. The first byte chooses the parser, see fuzz.c. Ends the process if a parser breaks its word. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process if what a parser promises does not hold. */
static inline void require(bool holds) {
  if (!holds) abort();
}

void fuzz_cni_environment(const char *text, size_t size);
void fuzz_cni_configuration(const char *text, size_t size);
void fuzz_cni_lease(const char *text, size_t size);
void fuzz_netavark(const char *text, size_t size);

#endif
