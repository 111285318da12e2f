#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/pseudonyms.h"
#include "tests/unit/unit.h"

static struct pseudonyms *create(void **state)
{
	struct pseudonyms *pseudonyms = pseudonyms_create();
	(void)state;
	assert_non_null(pseudonyms);
	return pseudonyms;
}

/* True if both texts have one pseudonym. */
static bool alike(struct pseudonyms *pseudonyms, const char *a, const char *b)
{
	char *left = pseudonym_of_name(pseudonyms, a), *right = pseudonym_of_name(pseudonyms, b);
	const bool same = strcmp(left, right) == 0;
	free(left);
	free(right);
	return same;
}

static void equal_names_have_equal_pseudonyms_in_any_case(void **state)
{
	struct pseudonyms *pseudonyms = create(state), *others = create(state);
	assert_true(alike(pseudonyms, "anna", "Anna"));
	assert_true(alike(pseudonyms, "M\xc3\x9cLLER", "m\xc3\xbcller"));
	assert_false(alike(pseudonyms, "anna", "anne"));
	char *here = pseudonym_of_name(pseudonyms, "anna"),
	     *there = pseudonym_of_name(others, "anna");
	assert_string_not_equal(here, there); /* the key is another one */
	free(here);
	free(there);
	pseudonyms_destroy(others);
	pseudonyms_destroy(pseudonyms);
}

static void joins_by_the_parts_of_a_name_still_hold(void **state)
{
	struct pseudonyms *pseudonyms = create(state);
	char *user = pseudonym_of_name(pseudonyms, "anna"),
	     *domain = pseudonym_of_name(pseudonyms, "LAB"),
	     *full = pseudonym_of_name(pseudonyms, "lab\\Anna"),
	     *upn = pseudonym_of_name(pseudonyms, "anna@lab"),
	     *host = pseudonym_of_name(pseudonyms, "lab:3389"), wanted[128];
	snprintf(wanted, sizeof wanted, "%s\\%s", domain, user);
	assert_string_equal(full, wanted);
	snprintf(wanted, sizeof wanted, "%s@%s", user, domain);
	assert_string_equal(upn, wanted);
	snprintf(wanted, sizeof wanted, "%s:3389", domain);
	assert_string_equal(host, wanted);
	free(user);
	free(domain);
	free(full);
	free(upn);
	free(host);
	pseudonyms_destroy(pseudonyms);
}

static void names_of_any_windows_stay(void **state)
{
	static const char *const names[] = {"SYSTEM", "LOCAL SERVICE", "NT AUTHORITY",
	    "NT AUTHORITY\\SYSTEM", "DWM-3", "UMFD-0", "127.0.0.1", "127.0.0.1:3389", "::1", "-",
	    ""};
	struct pseudonyms *pseudonyms = create(state);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *made = pseudonym_of_name(pseudonyms, names[i]);
		assert_string_equal(made, names[i]);
		free(made);
	}
	pseudonyms_destroy(pseudonyms);
}

static void nothing_known_is_left_in_prose(void **state)
{
	static const char *const texts[] = {
	    "anna logged on",
	    "{\"user\":\"ANNA\",\"domain\":\"LAB\"}",
	    "LAB\\anna (LAB\\ANNA): nora",
	    "LAB\\nora",
	    "text\\nnora and\\tanna",
	    "see C:\\Users\\anna\\AppData",
	    "ssh admin@rds01.lab.example -- qwinsta /server:rds01",
	    "RDS01$ and anna-laptop, S-1-5-21-1111111111-2222222222-3333333333-1104.",
	    "from 192.168.17.4:3389, [2001:db8::17:4]:3389. And 192.168.17.4.",
	    "M\\u00fcller and M\xc3\x9cLLER",
	};
	static const char *const secrets[] = {"anna", "Anna", "ANNA", "LAB", "lab.", "nora",
	    "rds01", "RDS01", "admin", "1111111111", "3333333333", "-1104.", "192.168", "2001:db8",
	    "ller", "LLER"};
	static const char *const names[] = {
	    "anna", "LAB", "nora", "rds01.lab.example:3389", "RDS01$", "m\xc3\xbcller"};
	struct pseudonyms *pseudonyms = create(state);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_true(pseudonyms_learn(pseudonyms, names[i]));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *made = pseudonym_of_prose(pseudonyms, texts[i]);
		for (size_t j = 0; j < sizeof secrets / sizeof secrets[0]; j++) {
			if (strstr(made, secrets[j]))
				fail_msg("\"%s\" still has \"%s\": %s", texts[i], secrets[j], made);
		}
		free(made);
	}
	pseudonyms_destroy(pseudonyms);
}

static void values_behind_labels_and_in_paths_are_names(void **state)
{
	static const char *const texts[] = {
	    "    Logon server: DC07\r\n    Session: 2\r\n",
	    "    DNS Domain:   CORP.CONTOSO.COM\n    UPN:          berta@corp.contoso.com\n",
	    "    User name:    CORP\\Berta Meyer\n    Auth package: Kerberos\n",
	    "    UPN:          berta\n",
	    "at C:\\Users\\berta\\AppData and C:\\\\Users\\\\berta\\\\AppData",
	    "in \\Device\\HarddiskVolume3\\Users\\berta.CORP, c:\\users\\Berta Meyer\\ntuser.dat",
	    "log: /home/berta/run.leaklab, /home/berta",
	    "rds01.corp.contoso.com, web.rds01.contoso.com:3389 and RDS01.contoso.com.",
	};
	static const char *const secrets[] = {"DC07", "CORP", "Berta", "berta", "Meyer", "contoso",
	    "CONTOSO", "corp", "rds01", "RDS01"};
	struct pseudonyms *pseudonyms = create(state);
	assert_true(pseudonyms_learn(pseudonyms, "rds01"));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *made = pseudonym_of_prose(pseudonyms, texts[i]);
		for (size_t j = 0; j < sizeof secrets / sizeof secrets[0]; j++) {
			if (strstr(made, secrets[j]))
				fail_msg("\"%s\" still has \"%s\": %s", texts[i], secrets[j], made);
		}
		free(made);
	}
	char *made = pseudonym_of_prose(pseudonyms, texts[2]);
	assert_contains(made, "\n    Auth package: Kerberos\n");
	free(made);
	made = pseudonym_of_prose(pseudonyms, texts[4]);
	assert_contains(made, "\\AppData and C:\\\\Users\\\\anon-");
	free(made);
	made = pseudonym_of_prose(pseudonyms, texts[6]);
	assert_contains(made, "/run.leaklab, /home/anon-");
	free(made);
	pseudonyms_destroy(pseudonyms);
}

static void words_with_hyphens_and_options_are_no_names(void **state)
{
	static const char *const texts[] = {
	    "leaklab-labhost serve --lab --labhost-name 8 --lab-host",
	    "\"leaklab-labhost\", leaklab-labhost.exe, \\nleaklab-labhost show",
	    "leaklab-grabber (--lab) -lab",
	    "C:\\Users\\Public\\Documents, C:\\Users\\Default, see https://example/home/page",
	    "    User name:    NT AUTHORITY\\SYSTEM\n    Logon server: \n    UPN:          \n",
	};
	struct pseudonyms *pseudonyms = create(state);
	assert_true(pseudonyms_learn(pseudonyms, "LABHOST"));
	assert_true(pseudonyms_learn(pseudonyms, "LAB"));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *made = pseudonym_of_prose(pseudonyms, texts[i]);
		assert_string_equal(made, texts[i]);
		free(made);
	}
	/* An option's value is one, and a word of the site's goes as a whole. */
	char *made = pseudonym_of_prose(pseudonyms, "--host=LABHOST --domain LAB, lab-gateway");
	assert_null(strcasestr(made, "lab"));
	assert_null(strstr(made, "gateway"));
	assert_contains(made, "--host=anon-");
	assert_contains(made, " --domain anon-");
	free(made);
	pseudonyms_destroy(pseudonyms);
}

static void prose_without_names_stays_as_it_is(void **state)
{
	static const char *const texts[] = {"annabel, Hanna and anna_x are others",
	    "2026-11-21T09:30:00.000Z 00000000:000fd2f5 10.0.20348 0xfd2f5 S-1-5-18 127.0.0.1",
	    "\\Sessions\\0\\DosDevices\\00000000-002f5c1a", "12:30:59", ""};
	struct pseudonyms *pseudonyms = create(state);
	assert_true(pseudonyms_learn(pseudonyms, "anna"));
	assert_true(pseudonyms_learn(pseudonyms, "SYSTEM"));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *made = pseudonym_of_prose(pseudonyms, texts[i]);
		assert_string_equal(made, texts[i]);
		free(made);
	}
	pseudonyms_destroy(pseudonyms);
}

static void a_sid_keeps_what_every_domain_has(void **state)
{
	struct pseudonyms *pseudonyms = create(state);
	char *made = pseudonym_of_prose(pseudonyms,
	    "S-1-5-21-1111111111-2222222222-3333333333-500 S-1-5-21-1111111111-2-3-500");
	char *second = strchr(made, ' ');
	assert_non_null(second);
	assert_memory_equal(made, second + 1, strlen("S-1-5-21-1234567"));
	assert_memory_equal(second - 4, "-500", 4);
	free(made);
	pseudonyms_destroy(pseudonyms);
}

static void a_scenario_tells_nothing_of_its_site(void **state)
{
	static const char text[] = "host:\n  address: rds01.example.com:3389 # ours\n"
	                           "  certificate: {pin: \"sha256:abcdef\"}\naccounts:\n"
	                           "  users: loadtest{01..20}\n  domain: EXAMPLE\n"
	                           "load: {slots: 5}\naddress: ${RDS_HOST}\n";
	static const char *const secrets[] = {"rds01", "example", "EXAMPLE", "abcdef", "loadtest"};
	struct pseudonyms *pseudonyms = create(state);
	char *made = pseudonym_of_scenario(pseudonyms, text);
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
		if (strstr(made, secrets[i]))
			fail_msg("still has \"%s\": %s", secrets[i], made);
	}
	assert_contains(made, "address: ${RDS_HOST}\n");
	assert_contains(made, "load: {slots: 5}\n");
	free(made);
	pseudonyms_destroy(pseudonyms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(equal_names_have_equal_pseudonyms_in_any_case),
	    unit_test(joins_by_the_parts_of_a_name_still_hold),
	    unit_test(names_of_any_windows_stay),
	    unit_test(nothing_known_is_left_in_prose),
	    unit_test(values_behind_labels_and_in_paths_are_names),
	    unit_test(words_with_hyphens_and_options_are_no_names),
	    unit_test(prose_without_names_stays_as_it_is),
	    unit_test(a_sid_keeps_what_every_domain_has),
	    unit_test(a_scenario_tells_nothing_of_its_site),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
