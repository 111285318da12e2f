/* What a client writes to the control socket, a request a line: each is answered, and the host stays sound. */
#include <stdlib.h>
#include <string.h>

#include "labhost/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void log_on(struct lab *lab, const char *user, uint64_t connection)
{
	const struct logon_request request = {.domain = "LAB",
	    .user = user,
	    .sid = "S-1-5-21-1-2-3-1104",
	    .shell = "explorer.exe",
	    .shell_ends = DUE_NEVER,
	    .connection = connection};
	struct logon_answer answer;

	if (!model_logon(lab->model, &request, lab_now(lab), &answer))
		abort();
}

static void answer(struct lab *lab, struct control_client *client, char *line)
{
	struct verb_context context = {.lab = lab, .client = client};
	char *text = NULL;
	size_t length;

	context.out = open_memstream(&text, &length);
	lab_lock(lab);
	verb_answer(&context, line);
	if (context.rebooted)
		client->pid = 0;
	model_run_due(lab->model, lab_now(lab));
	lab_unlock(lab);
	fclose(context.out);
	if (length == 0 || text[length - 1] != '\n')
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct model_options options = {
	    .time_scale = 0.0001, .late_holders = 2, .max_sessions = 8, .seed = 1};
	struct control_client client = {.fd = -1};
	struct error error;
	struct lab *lab =
	    lab_create(&options, accounts_create("LAB", 2, 0, &error), "LABHOST", &error);
	char *text = strndup((const char *)bytes, length), *rest = text, *line;
	size_t count;

	if (!lab)
		abort();
	log_on(lab, "lab01", 1);
	log_on(lab, "lab02", 2);
	while ((line = strsep(&rest, "\n")))
		answer(lab, &client, line);
	free(lab_take_events(lab, &count));
	lab_destroy(lab);
	free(text);
	return 0;
}
