/* budget.h: limits that the user sets for what a program takes: --max-arena, --max-weights,
 * --max-stack. */
#ifndef CNNGEN_BUDGET_H
#define CNNGEN_BUDGET_H

#include "diag.h"
#include "plan.h"
#include "stack.h"

struct budget { int64_t arena, weights, stack; };  /* bytes; 0: no limit */

/* One error [over-budget] for each limit that is exceeded, with notes on which layers take how
 * much. */
void budget_check(const struct plan *, const struct budget *, struct diag *);

/* The same for the stack, which is known when the program is written. */
void budget_check_stack(struct pool *, const struct stack *, const struct budget *, struct diag *);

#endif
