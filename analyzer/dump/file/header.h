/* DUMP_HEADER64, and everything that is not one. */
#ifndef LEAKLAB_DUMP_HEADER_H
#define LEAKLAB_DUMP_HEADER_H

#include "dump/file/dump_file.h"
#include "dump/file/source.h"

#define DUMP_HEADER_SIZE 0x2000u

/* Reads the header, or refuses the file with what it is instead. raw keeps the header's bytes for the formats. */
bool header_read(const struct dump_source *source, uint8_t raw[DUMP_HEADER_SIZE],
    struct dump_header *header, struct error *error);

/* "build 19041, 2021-02-21T04:31:09Z, bugcheck 0x1000007e": what a refusal says after the header was read. */
#define DUMP_SUMMARY_TEXT 128
const char *header_summary(const struct dump_header *header, char text[DUMP_SUMMARY_TEXT]);

#endif
