/* The scenario's keys as libcyaml's tables. */
#ifndef LEAKLAB_SCENARIO_SCHEMA_H
#define LEAKLAB_SCENARIO_SCHEMA_H

#include <cyaml/cyaml.h>

extern const cyaml_schema_value_t scenario_schema;

#endif
