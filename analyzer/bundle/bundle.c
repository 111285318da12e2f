/* Knows what is in a bundle, and what the files in it are called. */
#include "bundle/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "bundle/editor.h"
#include "common/result_file.h"
#include "report/report.h"

#define BUFFER_BYTES 65536
#define NAMES_MOST 16

struct bundle {
	char *directory; /* where it is put together */
	char *names[NAMES_MOST];
	size_t count;
	char *folder; /* in the archive */
};

/* The path of a file in the directory, which is in the bundle from now on. The caller frees it. */
static char *add_file(struct bundle *bundle, const char *stem, const char *suffix)
{
	char *path = NULL, *name = NULL;
	if (asprintf(&name, "%s%s", stem, suffix) < 0)
		return NULL;
	bundle->names[bundle->count++] = name;
	return asprintf(&path, "%s/%s", bundle->directory, name) < 0 ? NULL : path;
}

static bool write_reports(
    struct bundle *bundle, struct runfile *runfile, const char *path, struct error *error)
{
	struct verdict *verdict = judge_run(runfile, NULL, error);
	struct report *report = verdict ? report_create(runfile, path, verdict, true, error) : NULL;
	bool good = report;
	for (size_t i = 0; good && i < renderer_count; i++) {
		char *name = add_file(bundle, "report", renderers[i]->suffix);
		good = name ? report_write(renderers[i], report, name, true, error)
		            : error_memory(error);
		free(name);
	}
	report_destroy(report);
	verdict_destroy(verdict);
	return good;
}

/* Calls visit for each piece of a file in the directory. */
static bool read_file(const struct bundle *bundle, const char *name,
    bool (*visit)(void *data, const void *bytes, size_t length), void *data, struct error *error)
{
	char buffer[BUFFER_BYTES], *path = NULL;
	size_t got;
	if (asprintf(&path, "%s/%s", bundle->directory, name) < 0)
		return error_memory(error);
	FILE *in = fopen(path, "re");
	bool good = in;
	while (good && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
		good = visit(data, buffer, got);
	if (!in || ferror(in) || !good)
		good = error_set(error, EXIT_TARGET, "packing %s: %s", name, strerror(errno));
	if (in)
		fclose(in);
	free(path);
	return good;
}

static bool hash_piece(void *data, const void *bytes, size_t length)
{
	return EVP_DigestUpdate(data, bytes, length) == 1;
}

/* A line that sha256sum -c understands. */
static bool write_sum(const struct bundle *bundle, const char *name, FILE *out, struct error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
	if (!good)
		error_set(error, EXIT_TARGET, "hashing %s failed", name);
	good = good && read_file(bundle, name, hash_piece, context, error) &&
	       EVP_DigestFinal_ex(context, digest, NULL) == 1;
	for (size_t i = 0; good && i < 32; i++)
		fprintf(out, "%02x", digest[i]);
	if (good)
		fprintf(out, "  %s\n", name);
	EVP_MD_CTX_free(context);
	return good;
}

static bool write_sums(struct bundle *bundle, struct error *error)
{
	const size_t count = bundle->count;
	char *path = add_file(bundle, "SHA256SUMS", "");
	FILE *out = path ? fopen(path, "we") : NULL;
	bool good = out || error_set(error, EXIT_TARGET, "writing SHA256SUMS: %s", strerror(errno));
	for (size_t i = 0; good && i < count; i++)
		good = write_sum(bundle, bundle->names[i], out, error);
	if (out && fclose(out) != 0 && good)
		good = error_set(error, EXIT_TARGET, "writing SHA256SUMS: %s", strerror(errno));
	free(path);
	return good;
}

static bool archive_piece(void *data, const void *bytes, size_t length)
{
	return archive_write_data(data, bytes, length) == (la_ssize_t)length;
}

static bool archive_error(struct archive *archive, struct error *error)
{
	const char *why = archive_error_string(archive);
	return error_set(error, EXIT_TARGET, "packing: %s", why ? why : "failed");
}

static bool pack_file(
    const struct bundle *bundle, const char *name, struct archive *archive, struct error *error)
{
	struct stat status;
	char *path = NULL, *inside = NULL;
	struct archive_entry *entry = archive_entry_new();
	bool good = entry && asprintf(&path, "%s/%s", bundle->directory, name) >= 0 &&
	            asprintf(&inside, "%s/%s", bundle->folder, name) >= 0;
	if (!good)
		error_memory(error);
	else if (stat(path, &status) != 0)
		good = error_set(error, EXIT_TARGET, "packing %s: %s", name, strerror(errno));
	if (good) {
		/* Nobody's user name or number is in it. */
		archive_entry_set_pathname(entry, inside);
		archive_entry_set_size(entry, status.st_size);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_mtime(entry, time(NULL), 0);
		good = archive_write_header(archive, entry) == ARCHIVE_OK ||
		       archive_error(archive, error);
	}
	good = good && read_file(bundle, name, archive_piece, archive, error);
	archive_entry_free(entry);
	free(inside);
	free(path);
	return good;
}

static bool pack(const struct bundle *bundle, const char *target, bool replace, struct error *error)
{
	struct result_file file;
	struct archive *archive;
	if (!result_file_open(&file, target, replace, error))
		return false;
	archive = archive_write_new();
	bool good = archive || error_memory(error);
	good = good && ((archive_write_add_filter_gzip(archive) == ARCHIVE_OK &&
	                    archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK &&
	                    archive_write_open_FILE(archive, file.stream) == ARCHIVE_OK) ||
	                   archive_error(archive, error));
	for (size_t i = 0; good && i < bundle->count; i++)
		good = pack_file(bundle, bundle->names[i], archive, error);
	if (archive && archive_write_close(archive) != ARCHIVE_OK && good)
		good = archive_error(archive, error);
	archive_write_free(archive);
	return result_file_close(&file, good, error);
}

/* The copy of the run file in the directory, with what is asked for done to it. */
static char *copy_run(struct bundle *bundle, const char *run, bool pseudonyms, struct error *error)
{
	struct runfile *runfile = runfile_open(run, error);
	/* Its name is its owner's, too. */
	const char *slash = strrchr(run, '/'), *name = slash ? slash + 1 : run;
	char *path = runfile ? add_file(bundle, pseudonyms ? "run.leaklab" : name, "") : NULL;
	bool good = runfile && (path || error_memory(error)) && runfile_copy(runfile, path, error);
	runfile_close(runfile);
	/* Where the scenario lies on the machine that played it helps nobody else. */
	good = good && runfile_forget_folder(path, error);
	if (good && pseudonyms)
		good = pseudonymise(path, bundle->directory, error);
	if (good)
		return path;
	free(path);
	return NULL;
}

static void remove_directory(char *directory)
{
	DIR *entries = directory ? opendir(directory) : NULL;
	struct dirent *entry;
	while (entries && (entry = readdir(entries))) {
		if (entry->d_type != DT_DIR)
			unlinkat(dirfd(entries), entry->d_name, 0);
	}
	if (entries)
		closedir(entries);
	if (directory)
		rmdir(directory);
	free(directory);
}

static bool make_directory(struct bundle *bundle, struct error *error)
{
	const char *parent = getenv("TMPDIR");
	if (asprintf(&bundle->directory, "%s/leaklab-XXXXXX", parent && *parent ? parent : "/tmp") <
	    0) {
		bundle->directory = NULL;
		return error_memory(error);
	}
	if (mkdtemp(bundle->directory))
		return true;
	error_set(error, EXIT_TARGET, "making %s: %s", bundle->directory, strerror(errno));
	free(bundle->directory);
	bundle->directory = NULL;
	return false;
}

/* After the run file, whose name may be that of a host or a customer. */
static bool name_folder(struct bundle *bundle, const char *run, bool pseudonyms)
{
	const char *slash = strrchr(run, '/'), *name = slash ? slash + 1 : run;
	const char *dot = strrchr(name, '.');
	const int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
	return (pseudonyms ? asprintf(&bundle->folder, "leaklab-run")
	                   : asprintf(&bundle->folder, "%.*s", length, name)) >= 0;
}

bool bundle_write(
    const char *run, const char *target, bool replace, bool pseudonyms, struct error *error)
{
	struct bundle bundle = {0};
	char *path = NULL;
	struct runfile *runfile = NULL;
	bool good = result_file_check(target, replace, error) &&
	            (name_folder(&bundle, run, pseudonyms) || error_memory(error));
	good = good && make_directory(&bundle, error) &&
	       (path = copy_run(&bundle, run, pseudonyms, error)) &&
	       (runfile = runfile_open(path, error)) &&
	       write_reports(&bundle, runfile, path, error) && write_sums(&bundle, error) &&
	       pack(&bundle, target, replace, error);
	runfile_close(runfile);
	free(path);
	for (size_t i = 0; i < bundle.count; i++)
		free(bundle.names[i]);
	free(bundle.folder);
	remove_directory(bundle.directory);
	return good;
}
