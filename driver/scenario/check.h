/* What a scenario may say: its keys as libcyaml's tables, and what is checked of their values. */
#ifndef LEAKLAB_SCENARIO_CHECK_H
#define LEAKLAB_SCENARIO_CHECK_H

#include <stdbool.h>

#include <cyaml/cyaml.h>

#include "common/error.h"
#include "driver/scenario/scenario.h"
#include "driver/scenario/yaml_tree.h"

extern const cyaml_schema_value_t scenario_schema;

/* What is being checked: for messages with line and column. */
struct check {
	const char *path;
	struct yaml_tree *tree;
	struct error *error;
};

/* Refuses the value of a key, with its place. Always false. */
bool check_refuse(const struct check *check, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The part of it that is about the load. Durations are read already. */
bool check_load(const struct check *check, struct scenario *scenario);
/* Fills in what the scenario leaves out and refuses what it may not say. */
bool scenario_check(const struct check *check, struct scenario *scenario);

#endif
