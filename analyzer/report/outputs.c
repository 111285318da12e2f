/* Knows which raw outputs are shown, how much of each, and how they are hashed. */
#include "report/fields.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "readers/reader.h"

#define OUTPUT_MOST ((size_t)64 * 1024)    /* bytes of one output */
#define OUTPUTS_MOST ((size_t)1024 * 1024) /* bytes of all */

struct gathering {
	struct output *output;
	size_t most; /* bytes to keep */
	bool failed;
};

static bool hash(const char *bytes, size_t length, char out[SHA256_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return true;
}

static void visit_output(void *data, const char *bytes, size_t length)
{
	struct gathering *gathering = data;
	struct output *output = gathering->output;
	struct error error;
	if (length == 0)
		return;
	if (!hash(bytes, length, output->sha256)) {
		gathering->failed = true;
		return;
	}
	output->left_out = length;
	if (gathering->most == 0)
		return;
	const size_t kept = length < gathering->most ? length : gathering->most;
	/* Whole characters of UTF-16. */
	output->text = evidence_text(bytes, kept & ~(size_t)1 ? kept & ~(size_t)1 : kept, &error);
	if (output->text)
		output->left_out = length - kept;
}

/* The moments that the verdict is made from come before the others. */
static size_t room_for(const struct capture *capture, size_t left)
{
	if (capture->mark == MARK_DURING || capture->mark == MARK_SETTLING)
		return 0;
	return left < OUTPUT_MOST ? left : OUTPUT_MOST;
}

bool outputs_gather(struct report *report, struct runfile *runfile, struct error *error)
{
	size_t left = OUTPUTS_MOST;
	report->outputs = calloc(report->captures.count + 1, sizeof *report->outputs);
	if (!report->outputs)
		return error_memory(error);
	for (size_t i = 0; i < report->captures.count; i++) {
		const struct capture *capture = &report->captures.items[i];
		struct gathering gathering = {
		    .output = &report->outputs[i], .most = room_for(capture, left)};
		if (!runfile_output(runfile, capture->id, visit_output, &gathering, error))
			return false;
		if (gathering.failed)
			return error_set(error, EXIT_TARGET, "hashing an observer's output failed");
		if (gathering.output->text)
			left -= capture->output_length - gathering.output->left_out;
	}
	return true;
}
