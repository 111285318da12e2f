/* Licences that a host gives out are kept for that host, in leaklab's own folder. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <freerdp/freerdp.h>
#include <freerdp/settings.h>

#include "driver/rdp/connection.h"

static void expect_folder(const char *address, const char *folder)
{
	struct scenario scenario = {
	    .host = {.address = (char *)address, .certificate = {.ignore = true}}};
	const struct order order = {.user = "lab01", .password = "x"};
	rdpSettings *settings = freerdp_settings_new(0);
	struct setup setup;
	struct error error;
	char expected[512];

	if (!setup_make(&scenario, &setup, &error))
		fail_msg("%s", error.text);
	assert_true(rdp_settings_fill(settings, &setup, &order));
	snprintf(
	    expected, sizeof(expected), "%s/leaklab/licences/%s", getenv("XDG_STATE_HOME"), folder);
	assert_string_equal(freerdp_settings_get_string(settings, FreeRDP_ConfigPath), expected);
	freerdp_settings_free(settings);
}

static void each_host_has_a_folder(void **state)
{
	char *directory = unit_directory();
	(void)state;

	setenv("XDG_STATE_HOME", directory, 1);
	expect_folder("rds01.example.com", "rds01.example.com");
	expect_folder("rds02.example.com:3390", "rds02.example.com");
	expect_folder("../../etc", "_._.._etc");
	rmdir(unit_path(directory, "leaklab"));
	unit_remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(each_host_has_a_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
