/* The only file that knows libcurl. HTTP and HTTPS only, also after a redirection; certificates are checked. */
#include "dump/symbols/download.h"

#include <string.h>

#include <curl/curl.h>

#define REDIRECTIONS_LARGEST 8L

struct transfer {
	const struct download *download;
	FILE *file;
	uint64_t start, done; /* bytes in the file before this transfer, and now */
	bool too_large, stopped, disk_failed;
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count;
	if (length > DOWNLOAD_LARGEST - transfer->done) {
		transfer->too_large = true;
		return 0;
	}
	if (fwrite(bytes, 1, length, transfer->file) != length) {
		transfer->disk_failed = true;
		return 0;
	}
	transfer->done += length;
	return length;
}

static int show_progress(
    void *context, curl_off_t total, curl_off_t done, curl_off_t up_total, curl_off_t up_done)
{
	struct transfer *transfer = context;
	const struct download *download = transfer->download;
	(void)up_total;
	(void)up_done;
	uint64_t whole = total > 0 ? transfer->start + (uint64_t)total : 0;
	if (download->progress && !download->progress(download->context, download->name,
	                              transfer->start + (uint64_t)(done > 0 ? done : 0), whole))
		transfer->stopped = true;
	return transfer->stopped;
}

static CURL *prepare(const struct download *download, char message[CURL_ERROR_SIZE])
{
	CURL *curl = curl_easy_init();
	if (!curl)
		return NULL;
	message[0] = '\0';
	CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
	if (code == CURLE_OK)                                                                      \
	code = curl_easy_setopt(curl, option, value)
	SET(CURLOPT_URL, download->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, REDIRECTIONS_LARGEST);
	SET(CURLOPT_FAILONERROR, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, "leaklab/" LEAKLAB_RELEASE);
	SET(CURLOPT_CONNECTTIMEOUT, (long)download->patience);
	SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
	SET(CURLOPT_LOW_SPEED_TIME, (long)download->patience);
	SET(CURLOPT_ERRORBUFFER, message);
#undef SET
	if (code == CURLE_OK)
		return curl;
	curl_easy_cleanup(curl);
	return NULL;
}

/* What the end of a transfer means. status: of HTTP, 0 if there was none. */
static enum download_result judge(const struct transfer *transfer, CURLcode code, long status,
    const char *message, struct error *error)
{
	unsigned long long done = transfer->done;
	if (code == CURLE_OK)
		return DOWNLOAD_DONE;
	if (transfer->too_large || code == CURLE_FILESIZE_EXCEEDED) {
		error_set(error, EXIT_TARGET, "larger than %llu MiB, which no PDB is",
		    (unsigned long long)(DOWNLOAD_LARGEST >> 20));
		return DOWNLOAD_FAILED;
	}
	if (transfer->stopped) {
		error_set(
		    error, EXIT_TARGET, "stopped after %llu bytes; the rest comes next time", done);
		return DOWNLOAD_FAILED;
	}
	if (transfer->disk_failed) {
		error_set(error, EXIT_TARGET, "the cache cannot be written to; is its disk full?");
		return DOWNLOAD_FAILED;
	}
	if (code == CURLE_RANGE_ERROR || status == 416)
		return DOWNLOAD_NO_RESUME;
	if (code == CURLE_HTTP_RETURNED_ERROR) {
		error_set(error, EXIT_TARGET, "the server answers %ld%s", status,
		    status == 404 ? " (it has no such file)" : "");
		return status == 404 || status == 410 ? DOWNLOAD_MISSING : DOWNLOAD_FAILED;
	}
	const char *why = *message ? message : curl_easy_strerror(code);
	if (done > transfer->start) {
		error_set(error, EXIT_TARGET,
		    "broken off after %llu bytes: %s; the rest comes next time", done, why);
		return DOWNLOAD_BROKEN;
	}
	error_set(error, EXIT_TARGET, "%s", why);
	return DOWNLOAD_FAILED;
}

enum download_result download_file(const struct download *download, FILE *file, struct error *error)
{
	char message[CURL_ERROR_SIZE];
	if (fseeko(file, 0, SEEK_END) != 0 || ftello(file) < 0) {
		error_set(error, EXIT_TARGET, "the cache cannot be read");
		return DOWNLOAD_FAILED;
	}
	struct transfer transfer = {.download = download, .file = file};
	transfer.start = transfer.done = (uint64_t)ftello(file);
	CURL *curl = prepare(download, message);
	if (!curl ||
	    curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)transfer.start) ||
	    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)DOWNLOAD_LARGEST) ||
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes) ||
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer) ||
	    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, show_progress) ||
	    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer) ||
	    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L)) {
		curl_easy_cleanup(curl);
		error_set(error, EXIT_TARGET, "libcurl cannot be used");
		return DOWNLOAD_FAILED;
	}
	CURLcode code = curl_easy_perform(curl);
	long status = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	if (fflush(file) != 0)
		transfer.disk_failed = true;
	if (code == CURLE_OK && transfer.disk_failed)
		code = CURLE_WRITE_ERROR;
	return judge(&transfer, code, status, message, error);
}

bool download_exists(const struct download *download)
{
	char message[CURL_ERROR_SIZE];
	CURL *curl = prepare(download, message);
	if (!curl)
		return false;
	bool found = curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == CURLE_OK &&
	             curl_easy_perform(curl) == CURLE_OK;
	curl_easy_cleanup(curl);
	return found;
}
