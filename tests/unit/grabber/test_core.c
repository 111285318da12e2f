/* Whose tokens the grabber takes and what becomes of them, on a host made up here. */
#include "tests/unit/unit.h"

#include <string.h>

#include "grabber/core.h"
#include "grabber/options.h"

/* A host on which handles only count. */
struct port {
	port_handle next;
	size_t open;
	unsigned queries, restarts;
	enum port_what what;
	enum port_how how;
	bool gone; /* every call fails */
};

static bool open_one(struct port *port, port_handle *out)
{
	if (port->gone)
		return false;
	port->open++;
	*out = port->next += 4;
	return true;
}

bool port_take(struct port *port, const struct logon *logon, enum port_what what, port_handle *out)
{
	(void)logon;
	port->queries++;
	port->what = what;
	return open_one(port, out);
}

bool port_copy(struct port *port, port_handle token, enum port_how how, port_handle *out)
{
	port->how = how;
	return token != 0 && open_one(port, out);
}

size_t port_make(
    struct port *port, const struct logon *logon, enum port_how how, port_handle out[PORT_MADE])
{
	(void)logon;
	port->how = how;
	if (!open_one(port, &out[0]))
		return 0;
	return how == BY_PROCESS_INFORMATION ? 1 + open_one(port, &out[1]) : 1;
}

bool port_restart(struct port *port)
{
	port->open = 0;
	port->restarts++;
	return true;
}

uint64_t port_pid(const struct port *port)
{
	return 100 + port->restarts;
}

bool port_close_handle(struct port *port, port_handle handle)
{
	assert_true(port->open > 0 && handle % 4 == 0);
	port->open--;
	return true;
}

const char *port_error(const struct port *port)
{
	return port->gone ? "no session" : "";
}

static void hush(void *data, const char *line)
{
	(void)data;
	(void)line;
}

static struct grabber *grabber_with(struct port *port, struct grabber_options options)
{
	if (options.every == 0)
		options.every = 1;
	if (options.copies == 0)
		options.copies = 1;
	if (options.max_handles == 0)
		options.max_handles = 1000;
	struct grabber *grabber = grabber_create(&options, port, hush, NULL);
	assert_non_null(grabber);
	return grabber;
}

/* Users log on and off again in the same session. */
static void cycles(struct grabber *grabber, unsigned count)
{
	static uint64_t luid = 0x1000;

	for (unsigned i = 0; i < count; i++) {
		struct logon logon = {.session = 2, .luid = luid++};

		snprintf(logon.account, sizeof(logon.account), "LAB\\lab%02u", i % 3);
		grabber_logon(grabber, &logon);
		grabber_logoff(grabber, 2);
	}
}

static void duplicates_stay_and_the_token_itself_is_closed(void **state)
{
	struct port port = {0};
	struct grabber *grabber = grabber_with(&port, (struct grabber_options){0});
	(void)state;

	cycles(grabber, 5);
	assert_int_equal(port.open, 5);
	assert_int_equal(grabber_counts(grabber)->held, 5);
	assert_int_equal(grabber_counts(grabber)->grabbed, 5);
	grabber_destroy(grabber);
}

static void every_third_logon_is_grabbed(void **state)
{
	struct port port = {0};
	struct grabber *grabber = grabber_with(&port, (struct grabber_options){.every = 3});
	(void)state;

	cycles(grabber, 10);
	assert_int_equal(port.queries, 3);
	assert_int_equal(grabber_counts(grabber)->logons, 10);
	grabber_destroy(grabber);
}

static void copies_are_made_of_each_token(void **state)
{
	struct port port = {0};
	struct grabber *grabber = grabber_with(&port, (struct grabber_options){.copies = 4});
	(void)state;

	cycles(grabber, 2);
	assert_int_equal(port.open, 8);
	assert_int_equal(grabber_counts(grabber)->duplicates, 8);
	grabber_destroy(grabber);
}

static void fixed_program_leaves_nothing_open(void **state)
{
	struct port port = {0};
	struct grabber *grabber = grabber_with(
	    &port, (struct grabber_options){.copies = 2, .fixed = true, .max_handles = 1});
	(void)state;

	cycles(grabber, 50);
	assert_int_equal(port.open, 0);
	assert_int_equal(grabber_counts(grabber)->duplicates, 100);
	assert_int_equal(grabber_counts(grabber)->closed, 100);
	grabber_destroy(grabber);
}

static void release_closes_everything(void **state)
{
	struct port port = {0};
	struct grabber *grabber = grabber_with(&port, (struct grabber_options){.copies = 3});
	(void)state;

	cycles(grabber, 7);
	assert_int_equal(port.open, 21);
	grabber_release(grabber);
	assert_int_equal(port.open, 0);
	assert_int_equal(grabber_counts(grabber)->held, 0);
	cycles(grabber, 1);
	assert_int_equal(port.open, 3);
	grabber_destroy(grabber);
}

static void cap_is_never_passed(void **state)
{
	struct port port = {0};
	struct grabber *grabber =
	    grabber_with(&port, (struct grabber_options){.copies = 3, .max_handles = 10});
	(void)state;

	cycles(grabber, 20);
	assert_int_equal(port.open, 9);
	assert_int_equal(grabber_counts(grabber)->capped, 17);
	grabber_destroy(grabber);
}

static void logon_told_twice_is_grabbed_once(void **state)
{
	struct port port = {0};
	struct grabber *grabber = grabber_with(&port, (struct grabber_options){0});
	const struct logon logon = {.session = 2, .luid = 0xfd2f5};
	const struct logon next = {.session = 2, .luid = 0xfd300};
	const struct logon before = {.session = 3, .luid = 0xfd310};
	(void)state;

	grabber_ignore(grabber, &before);
	grabber_logon(grabber, &before);
	grabber_logon(grabber, &logon);
	grabber_logon(grabber, &logon);
	assert_int_equal(port.queries, 1);
	grabber_logon(grabber, &next); /* the same session ID, another logon */
	assert_int_equal(port.queries, 2);
	grabber_destroy(grabber);
}

static void session_that_has_gone_is_counted_as_missed(void **state)
{
	struct port port = {.gone = true};
	struct grabber *grabber = grabber_with(&port, (struct grabber_options){0});
	(void)state;

	cycles(grabber, 3);
	assert_int_equal(grabber_counts(grabber)->missed, 3);
	assert_int_equal(grabber_counts(grabber)->grabbed, 0);
	grabber_destroy(grabber);
}

static void process_handles_are_kept_as_they_are_opened(void **state)
{
	struct port port = {0};
	struct grabber *grabber =
	    grabber_with(&port, (struct grabber_options){.what = TAKE_PROCESS, .copies = 2});
	(void)state;

	cycles(grabber, 5);
	assert_int_equal(port.what, TAKE_PROCESS);
	assert_int_equal(port.open, 10);
	assert_int_equal(grabber_counts(grabber)->held, 10);
	grabber_destroy(grabber);
}

static void winlogons_token_is_duplicated_like_a_users(void **state)
{
	struct port port = {0};
	struct grabber *grabber = grabber_with(
	    &port, (struct grabber_options){.what = TAKE_WINLOGON, .how = BY_RESTRICTED});
	(void)state;

	cycles(grabber, 5);
	assert_int_equal(port.what, TAKE_WINLOGON);
	assert_int_equal(port.how, BY_RESTRICTED);
	assert_int_equal(port.open, 5);
	grabber_destroy(grabber);
}

static void process_information_leaves_two_handles(void **state)
{
	struct port port = {0};
	struct grabber *grabber =
	    grabber_with(&port, (struct grabber_options){.how = BY_PROCESS_INFORMATION});
	(void)state;

	cycles(grabber, 5);
	assert_int_equal(port.queries, 0);
	assert_int_equal(port.open, 10);
	grabber_destroy(grabber);
}

static void cache_holds_the_latest_of_each_account(void **state)
{
	struct port port = {0};
	struct grabber *grabber =
	    grabber_with(&port, (struct grabber_options){.per_account = true, .copies = 2});
	(void)state;

	cycles(grabber, 30); /* of three accounts in turn */
	assert_int_equal(port.open, 6);
	assert_int_equal(grabber_counts(grabber)->held, 6);
	assert_int_equal(grabber_counts(grabber)->closed, 54);
	grabber_destroy(grabber);
}

static void what_a_process_held_goes_when_it_restarts(void **state)
{
	struct port port = {0};
	struct grabber *grabber = grabber_with(&port, (struct grabber_options){.restart_after = 4});
	(void)state;

	cycles(grabber, 10);
	assert_int_equal(port.restarts, 2);
	assert_int_equal(grabber_counts(grabber)->restarts, 2);
	assert_int_equal(grabber_counts(grabber)->held, 2);
	assert_int_equal(port.open, 2);
	grabber_destroy(grabber);
}

static const struct options_host host = {.where = "control", .image = "image"};

static bool parsed(struct options *options, const char *first, const char *second)
{
	char name[] = "leaklab-grabber";
	char *argv[] = {name, (char *)first, (char *)second, NULL};
	char error[256];

	return options_parse(second ? 3 : 2, argv, &host, options, error);
}

static void options_are_read(void **state)
{
	struct options options;
	(void)state;

	assert_true(parsed(&options, "--lab", "--every=3"));
	assert_true(options.lab);
	assert_int_equal(options.grabber.every, 3);
	assert_int_equal(options.grabber.max_handles, 10000);
	assert_true(parsed(&options, "--copies", "2"));
	assert_false(options.lab);
	assert_int_equal(options.grabber.copies, 2);
	assert_true(parsed(&options, "--control=here", NULL));
	assert_string_equal(options.where, "here");
	assert_true(parsed(&options, "--what=winlogon", "--how=restricted"));
	assert_int_equal(options.grabber.what, TAKE_WINLOGON);
	assert_int_equal(options.grabber.how, BY_RESTRICTED);
	assert_true(parsed(&options, "--per=account", "--image=MsMpEng.exe"));
	assert_true(options.grabber.per_account);
	assert_string_equal(options.image, "MsMpEng.exe");
	assert_true(parsed(&options, "--how", "process-information"));
	assert_true(parsed(&options, "--restart-after", "7"));
	assert_int_equal(options.grabber.restart_after, 7);
}

static void wrong_options_are_refused(void **state)
{
	struct options options;
	(void)state;

	assert_false(parsed(&options, "--every", NULL));
	assert_false(parsed(&options, "--every", "0"));
	assert_false(parsed(&options, "--every", "-1"));
	assert_false(parsed(&options, "--every", "3x"));
	assert_false(parsed(&options, "--lab=yes", NULL));
	assert_false(parsed(&options, "--labs", NULL));
	assert_false(parsed(&options, "--watch", "here"));
	assert_false(parsed(&options, "lab", NULL));
	assert_false(parsed(&options, "--what", "logon"));
	assert_false(parsed(&options, "--per=user", NULL));
	assert_false(parsed(&options, "--what=process", "--how=restricted"));
	assert_false(parsed(&options, "--what=dwm", "--how=s4u"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(duplicates_stay_and_the_token_itself_is_closed),
	    unit_test(every_third_logon_is_grabbed),
	    unit_test(copies_are_made_of_each_token),
	    unit_test(fixed_program_leaves_nothing_open),
	    unit_test(release_closes_everything),
	    unit_test(cap_is_never_passed),
	    unit_test(logon_told_twice_is_grabbed_once),
	    unit_test(session_that_has_gone_is_counted_as_missed),
	    unit_test(process_handles_are_kept_as_they_are_opened),
	    unit_test(winlogons_token_is_duplicated_like_a_users),
	    unit_test(process_information_leaves_two_handles),
	    unit_test(cache_holds_the_latest_of_each_account),
	    unit_test(what_a_process_held_goes_when_it_restarts),
	    unit_test(options_are_read),
	    unit_test(wrong_options_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
