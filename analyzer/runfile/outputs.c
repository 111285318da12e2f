/* Knows how the outputs of observers are packed: as SQLite's archives are (sqlite.org/sqlar.html), so that its shell can unpack them: a zlib stream
 * if that is shorter, else the text as it is. */
#include "runfile/outputs.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <zlib.h>

#include "runfile/runfile.h"

#define DIGEST_SIZE 32 /* SHA-256 */

static sqlite3_int64 column_of(struct runfile *runfile, enum statement which,
    const unsigned char *digest, bool *good, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, which, error);
	sqlite3_int64 value = 0;
	*good = row != NULL;
	if (!row)
		return 0;
	if (digest)
		sqlite3_bind_blob(row, 1, digest, DIGEST_SIZE, SQLITE_STATIC);
	const int result = sqlite3_step(row);
	if (result == SQLITE_ROW)
		value = sqlite3_column_int64(row, 0);
	else if (result != SQLITE_DONE)
		*good = database_error(runfile, "looking for an observer's output", error);
	sqlite3_reset(row);
	return value;
}

/* The text packed, or itself. *packed is to be freed, unless it is the text. */
static bool pack(const char *bytes, size_t length, unsigned char **packed, size_t *packed_length)
{
	uLongf room = compressBound(length);
	*packed = malloc(room);
	*packed_length = length;
	if (!*packed)
		return false;
	if (compress2(*packed, &room, (const Bytef *)bytes, length, Z_BEST_SPEED) == Z_OK &&
	    room < length) {
		*packed_length = room;
		return true;
	}
	free(*packed);
	*packed = (unsigned char *)bytes;
	return true;
}

static bool insert(struct runfile *runfile, const unsigned char *digest, const void *packed,
    size_t packed_length, size_t length, int64_t *id, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_ADD_CONTENT, error);
	if (!row)
		return false;
	sqlite3_bind_blob(row, 1, digest, DIGEST_SIZE, SQLITE_STATIC);
	bind_number(row, 2, (int64_t)length);
	if (sqlite3_bind_blob64(row, 3, packed, packed_length, SQLITE_STATIC) != SQLITE_OK)
		return database_error(runfile, "writing an observer's output", error);
	if (!database_run(runfile, row, "writing an observer's output", error))
		return false;
	*id = sqlite3_last_insert_rowid(runfile->database);
	return true;
}

static bool keep_new(struct runfile *runfile, const unsigned char *digest, const char *bytes,
    size_t length, int64_t *id, struct error *error)
{
	unsigned char *packed;
	size_t packed_length;
	bool good;
	const sqlite3_int64 kept = column_of(runfile, STATEMENT_CONTENT_SIZE, NULL, &good, error);
	if (!good)
		return false;
	if (!pack(bytes, length, &packed, &packed_length))
		return error_memory(error);
	if ((size_t)kept + packed_length <= runfile->outputs_max)
		good = insert(runfile, digest, packed, packed_length, length, id, error);
	if (packed != (const unsigned char *)bytes)
		free(packed);
	return good;
}

bool outputs_keep(
    struct runfile *runfile, const char *bytes, size_t length, int64_t *id, struct error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	bool good;
	if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
		return error_memory(error);
	*id = column_of(runfile, STATEMENT_FIND_CONTENT, digest, &good, error);
	return good && (*id > 0 || keep_new(runfile, digest, bytes, length, id, error));
}

/* SQL function unpacked(bytes, length); NULL for what is damaged. */
static void unpack(sqlite3_context *context, int count, sqlite3_value **values)
{
	const void *bytes = sqlite3_value_blob(values[0]);
	const uLong packed_length = (uLong)sqlite3_value_bytes(values[0]);
	const sqlite3_int64 length = sqlite3_value_int64(values[1]);
	uLongf room = (uLongf)length;
	(void)count;
	if (!bytes || length < 0 || length == (sqlite3_int64)packed_length) {
		sqlite3_result_value(context, values[0]);
		return;
	}
	if (length > RUNFILE_OUTPUT_MAX)
		return;
	unsigned char *unpacked = sqlite3_malloc64((sqlite3_uint64)length + 1);
	if (!unpacked)
		sqlite3_result_error_nomem(context);
	else if (uncompress(unpacked, &room, bytes, packed_length) != Z_OK ||
	         room != (uLongf)length)
		sqlite3_free(unpacked);
	else
		sqlite3_result_blob64(context, unpacked, room, sqlite3_free);
}

bool outputs_teach(struct runfile *runfile, struct error *error)
{
	return sqlite3_create_function(runfile->database, "unpacked", 2,
	           SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL, unpack, NULL,
	           NULL) == SQLITE_OK ||
	       database_error(runfile, "opening", error);
}
