/* A fuzzer's bytes as a file. */
#ifndef LEAKLAB_FUZZ_INPUT_H
#define LEAKLAB_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The path of a file in memory that has these bytes, valid until the next call. */
const char *fuzz_file(const uint8_t *bytes, size_t length);

#endif
