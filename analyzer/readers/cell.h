/* What stands in a cell, as a value of a field of evidence. Inside this folder.
 *
 * The kind of a column says how its cells are written, so that nothing is guessed from digits: WMI writes LUIDs in decimal, the tools of
 * Sysinternals in hex. */
#ifndef LEAKLAB_CELL_H
#define LEAKLAB_CELL_H

#include "readers/format.h"

enum cell_kind {
	CELL_TEXT,
	CELL_NUMBER,       /* decimal, with or without separators of thousands */
	CELL_ACCOUNT,      /* DOMAIN\user; also: the field for the domain */
	CELL_LUID_DECIMAL, /* Win32_LogonSession.LogonId */
	CELL_LUID_HEX,     /* 0x1a2b3c, or 00000000:001a2b3c */
	CELL_LOGON_TYPE,   /* SECURITY_LOGON_TYPE, by number or by name */
	CELL_STATE,        /* WTS_CONNECTSTATE_CLASS, in words of any language, or by number */
	CELL_TIME,         /* also: the field for a text without a zone */
	CELL_UNIX_TIME,    /* seconds since 1970, as osquery has them */
	CELL_HOST,         /* whose row it is */
	CELL_REF_ACCOUNT,  /* a reference to a Win32_Account; also: the field for the domain */
	CELL_REF_LUID,     /* to a Win32_LogonSession */
	CELL_REF_PID,      /* to a Win32_Process */
	CELL_SESSION,      /* a session ID in decimal, or nothing */
	CELL_LUID_0X,      /* 0xfc2f5; without 0x it may be decimal, and is refused */
	CELL_MESSAGE, /* the text of an event, which tells the other fields of it (event_message.h) */
};

#define CELL_NO_FIELD SIZE_MAX

/* Writes the cell's value into the record `item`, at its field `at`, or two of them. An empty cell is unknown, and changes nothing. False if
 * it is no value of the kind; sets *failed if memory is out. */
bool cell_read(struct reading *reading, struct span cell, enum cell_kind kind, void *item,
    size_t at, size_t also, bool *failed);

/* True if a needed cell may have nothing in it. */
bool cell_may_be_empty(enum cell_kind kind);

/* True if the cell may be of the kind. By this sources with the same names are told apart: a reference names its class. */
bool cell_may_be(struct span cell, enum cell_kind kind);

/* A point in time with a zone: ISO 8601 (also with a blank), "/Date(ms)/" (.NET's JSON, UTC), CIM's 20260301091422.123456+060 (DMTF DSP0004,
 * the zone in minutes). False for all others: without a zone a time is of the host's, which is not known. */
bool cell_time(struct span cell, int64_t *out);

#endif
