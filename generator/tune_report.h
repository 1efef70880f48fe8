/* tune_report.h: what measured times change, as the tune command prints it when it has them all. */
#ifndef CNNGEN_TUNE_REPORT_H
#define CNNGEN_TUNE_REPORT_H

#include "plan.h"
#include "tuning.h"

/* One network twice: as the cost model alone chooses kernels, and as it does with the times. Rows
 * are of groups that several kernels take, equal ones once. */
void tune_report(struct pool *, const struct plan *model, const struct plan *tuned, enum target_id,
        struct out *);

#endif
