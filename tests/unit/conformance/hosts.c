#include "tests/unit/conformance/hosts.h"

#include <stdio.h>
#include <stdlib.h>

#include "labhost/show.h"
#include "tests/unit/unit.h"

#define START INT64_C(1795253405000000) /* 2026-11-21T09:30:05Z */
#define MINUTE INT64_C(60000000)

uint64_t host_chance(struct host *host, uint64_t below)
{
	host->chance ^= host->chance << 13;
	host->chance ^= host->chance >> 7;
	host->chance ^= host->chance << 17;
	return host->chance % below;
}

void host_start(struct host *host, uint64_t seed)
{
	*host = (struct host){.now = START, .chance = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15)};
	const struct model_options options = {
	    .rule = host_chance(host, 4) ? ID_RULE_MS16_111 : ID_RULE_BEFORE,
	    .time_scale = 1,
	    .late_holders = (unsigned)host_chance(host, 4),
	    .kernel_reference_every = host_chance(host, 5) ? 0 : 2,
	    .network_logons = host_chance(host, 2),
	    .linked_tokens = host_chance(host, 2),
	    .many_sessions = host_chance(host, 3) == 0,
	    .max_sessions = 20,
	    .seed = seed};
	host->model = model_create(&options, host->now);
	assert_non_null(host->model);
	host->leaker = model_process_start(host->model, "vendorsvc.exe", host->now);
	host->leak_from = (unsigned)host_chance(host, 3) * 50;
	host->shape = (unsigned)host_chance(host, 6);
}

static void log_on(struct host *host, unsigned number)
{
	char user[16], sid[48];
	struct logon_answer answer;
	uint32_t handle, copy;
	snprintf(user, sizeof user, "lab%02u", 1 + number % 5);
	snprintf(sid, sizeof sid, "S-1-5-21-1-2-3-%u", 1100 + number % 5);
	const struct logon_request request = {.domain = "LAB",
	    .user = user,
	    .sid = sid,
	    .shell = "explorer.exe",
	    .shell_ends = DUE_NEVER,
	    .connection = 1 + number};
	if (!model_logon(host->model, &request, host->now, &answer) || answer.reconnected)
		return;
	host->sessions[host->session_count++] = answer.session_id;
	if (host_chance(host, 100) >= host->leak_from)
		return;
	switch (host->shape) {
	case 0:
		assert_true(
		    model_open_process(host->model, host->leaker, answer.session_id, SESSION_SHELL,
		        host_chance(host, 2) ? NT_TYPE_PROCESS : NT_TYPE_THREAD, &handle));
		return;
	case 1:
		assert_true(model_open_token(
		    host->model, host->leaker, answer.session_id, SESSION_WINLOGON, &handle));
		break;
	case 2:
		assert_true(model_open_token(
		    host->model, host->leaker, answer.session_id, SESSION_DWM, &handle));
		break;
	default:
		assert_true(
		    model_query_user_token(host->model, host->leaker, answer.session_id, &handle));
	}
	assert_true(model_duplicate_token(host->model, host->leaker, handle, NT_DUPLICATED, &copy));
	assert_true(model_close_handle(host->model, host->leaker, handle));
}

bool host_next(struct host *host)
{
	switch (host->moment++) {
	case 0:
		return true;
	case 1:
		for (unsigned i = 0; i < 6; i++) {
			host->now += MINUTE / 10;
			log_on(host, i);
		}
		break;
	case 2:
		for (unsigned i = 0; i < host->session_count; i++) {
			host->now += MINUTE / 10;
			if (host_chance(host, 4)) /* somebody may stay */
				model_logoff(host->model, host->sessions[i], 0, host->now);
		}
		break;
	case 3:
		host->now += 25 * MINUTE;
		break;
	default:
		return false;
	}
	model_run_due(host->model, host->now);
	return true;
}

void host_end(struct host *host)
{
	model_destroy(host->model);
}

char *host_shown(const struct host *host, enum host_tool tool)
{
	static bool (*const tools[])(
	    const struct show_context *context, FILE *out, struct error *error) = {
	    [TOOL_SNAPSHOT] = show_snapshot,
	    [TOOL_QWINSTA] = show_qwinsta,
	    [TOOL_LOGONSESSIONS] = show_logonsessions,
	    [TOOL_HANDLE] = show_handle,
	};
	const struct show_context context = {
	    .model = host->model, .host_name = "LABHOST", .now = host->now};
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	assert_non_null(out);
	assert_true(tools[tool](&context, out, NULL));
	assert_int_equal(fclose(out), 0);
	return text;
}
