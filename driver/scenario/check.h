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

/* Fills in what the scenario leaves out and refuses what it may not say. */
bool scenario_check(const struct check *check, struct scenario *scenario);

#endif
