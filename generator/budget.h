/* budget.h: limits that the user sets for what a program takes: --max-arena and --max-weights. */
#ifndef CNNGEN_BUDGET_H
#define CNNGEN_BUDGET_H

#include "diag.h"
#include "plan.h"

struct budget { int64_t arena, weights; };  /* bytes; 0: no limit */

/* One error [over-budget] for each limit that is exceeded, with notes on which layers take how much. */
void budget_check(const struct plan *, const struct budget *, struct diag *);

#endif
