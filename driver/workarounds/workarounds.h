/* Defects of FreeRDP and WinPR that leaklab works around, one per file, for whoever uses them with threads. The door of this folder.
 *
 * sspi_lock.c: WinPR keeps the buffers that its SSPI functions give out in one table without a lock, so that parallel NLA
 *   corrupts the heap, on either side. Seen in 3.10 to 3.29; may go when sspi_winpr.c locks its ContextBufferAllocTable.
 * log_lock.c: WinPR makes a logger at its first use, in a list that others read meanwhile without a lock. Seen in 3.10; may go
 *   when wlog.c locks the list of a logger's children.
 * time_zone.c: each settings object finds out the time zone by comparing the system's with a table of all, a tenth of the
 *   processor time of a logon. Seen in 3.10; may go when WinPR keeps what it found.
 * certificate_copy.c: the host's certificate is copied two or three times a connection by writing it out and parsing it again, a tenth of
 *   the processor time of a logon. Seen in 3.10; may go when certificate.c and tls.c use X509_up_ref().
 * public_key.c: the host's public key is written by i2d_PublicKey(), which in OpenSSL 3 gathers every encoder of every provider, twice a
 *   connection, for 270 bytes: 6 % of the processor time of a logon. Seen in 3.10 with OpenSSL 3.0; may go when OpenSSL keeps what it found.
 * tls_context.c: each connection makes a TLS context, for which OpenSSL 3 fetches each of its algorithms anew: 5 % of the processor time of a
 *   logon. Seen in 3.10; may go when tls.c keeps its contexts.
 * zero_pages.c: bulk_new() makes a compressor of each kind (MPPC, NCRUSH, XCRUSH: MS-RDPEGDI 3.1.8) for both directions of every context
 *   and clears 2.6 MB of them two or three times, also where compression is off: 3 MB a session instead of 0.5. Seen in 3.10; may go
 *   when bulk.c makes a compressor at its first use. Offered upstream, that would be: keep the six pointers NULL in bulk_new(), make the
 *   one that is asked for in bulk_compress() and bulk_decompress(), and have bulk_reset() pass over those that are not there. */
#ifndef LEAKLAB_WORKAROUNDS_H
#define LEAKLAB_WORKAROUNDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* Call once, before the first thread: sets up what WinPR would set up lazily and without a lock, and makes sure that each of the above took
 * hold. False: one did not, and connections in parallel are not safe. */
bool workarounds_install(struct error *error);

/* After a first context of FreeRDP's: whether contexts are spared the memory of their compressors. */
bool workarounds_spare_memory(void);

/* Inside this folder. After libfreerdp_find(): whether a function was called from libfreerdp, by its return address. */
void libfreerdp_find(void);
bool libfreerdp_has(const void *caller);

/* Whether it took hold. */
bool sspi_lock_install(void);
bool log_lock_is_used(void);
bool time_zone_is_used(void);
bool certificate_copy_is_used(void);
bool public_key_is_used(void);
bool tls_context_is_used(void);
bool zero_pages_install(void);
size_t zero_pages_count(void); /* blocks so far */

#endif
