#ifndef NETNSD_TEST_FUZZ_H
#define NETNSD_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry. The first byte chooses the parser, see fuzz.c. Ends the process if a parser breaks its word. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
