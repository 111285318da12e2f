/* Strings of the dump; "" or NULL when they cannot be read. Inside this folder. */
#ifndef LEAKLAB_KERNEL_TEXT_H
#define LEAKLAB_KERNEL_TEXT_H

#include "dump/kernel/reader.h"

/* The UNICODE_STRING at an address, as UTF-8 of at most a KiB; NULL when it cannot be read. *failed when memory is out. */
const char *kernel_unicode_string(
    struct kernel *kernel, struct address_space *space, uint64_t address, bool *failed);
/* The same for one that has been read. */
const char *kernel_unicode_bytes(
    struct kernel *kernel, struct address_space *space, const uint8_t string[16], bool *failed);
/* The last part of the path in the UNICODE_STRING at an address; NULL when there is none, or it cannot be read. */
const char *kernel_file_name(
    struct kernel *kernel, struct address_space *space, uint64_t address, bool *failed);
/* Bytes of an array of char, up to the first NUL. */
const char *kernel_short_string(
    struct kernel *kernel, const uint8_t *bytes, size_t length, bool *failed);
/* A SID as "S-1-5-18". NULL for none that can be. */
const char *kernel_sid(struct kernel *kernel, const uint8_t *sid, size_t length, bool *failed);

#endif
