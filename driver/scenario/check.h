/* What a scenario may say: its keys as libcyaml's tables, and what is checked of their values. */
#ifndef LEAKLAB_SCENARIO_CHECK_H
#define LEAKLAB_SCENARIO_CHECK_H

#include <stdbool.h>

#include <cyaml/cyaml.h>

#include "common/error.h"
#include "driver/scenario/scenario.h"
#include "driver/scenario/yaml_tree.h"

extern const cyaml_schema_value_t scenario_schema;

/* The longest text of a duration, by which the schema tells them from other text. */
#define SPAN_TEXT_MOST 255

#define KEY_TEXT 128 /* of a dotted path */

/* What is being checked: for messages that say where it is. */
struct check {
	const char *path;
	struct yaml_tree *tree;
	struct error *error;
};

/* Refuses the value of a key, with its place. Always false. */
bool check_refuse(const struct check *check, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of a node, which a key may have no path to. key: NULL if the text names it. */
bool check_refuse_node(const struct check *check, int node, const char *key, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

#define NUMBER_TEXT 128
/* What may be at the key: "a number from 1 to 2000". False: it has no numbers. */
bool number_wanted(const char *key, char out[NUMBER_TEXT]);
/* Whether it may be there. cap gets why there is no larger one, or NULL. */
bool number_valid(const char *key, const char *text, const char **cap);

/* Whether there is a key of that path. */
bool spelling_known(const char *path);
/* The path of the key that was probably meant by a name in the map at `parent` ("": the scenario); false: none is close. */
bool spelling_closest(const char *parent, const char *name, char out[KEY_TEXT]);

/* Refuses what libcyaml would load in other words, or not as it was written: keys that there are not, values of the wrong kind,
 * numbers beyond their range. */
bool values_check(const struct check *check);
/* Refuses variables that nobody gives, and a password that is not there. */
bool variables_check(const struct check *check, struct scenario *scenario);
/* The part of it that is about the load. Durations are read already. */
bool check_load(const struct check *check, struct scenario *scenario);
/* Which keys go with the load's workload, and which with another one. */
bool check_workload(const struct check *check, struct scenario *scenario);
/* Fills in what the scenario leaves out and refuses what it may not say. */
bool scenario_check(const struct check *check, struct scenario *scenario);

#endif
