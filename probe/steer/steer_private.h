/* steer_private: rules as the bytes that the programs read. */
#pragma once

#include "steer.h"

struct steer_table;

/* Stores only bytes that change: the programs read the table meanwhile, and see each port as it was
 * or as it is. */
void steer_rules_store(struct steer_table *table, const struct steer_rules *rules);
