/* What a scenario may say. */
#ifndef LEAKLAB_SCENARIO_CHECK_H
#define LEAKLAB_SCENARIO_CHECK_H

#include <stdbool.h>

#include "common/error.h"
#include "scenario.h"
#include "yaml_tree.h"

/* What is being checked: for messages with line and column. */
struct check {
	const char *path;
	struct yaml_tree *tree;
	struct error *error;
};

/* Fills in what the scenario leaves out and refuses what it may not say. */
bool scenario_check(const struct check *check, struct scenario *scenario);

#endif
